// Saves a return after a pause, exactly as its button does. Whoever runs no scripts presses the button.
const PAUSE = 20_000
const form = document.querySelector('form[data-saves]')
const says = document.getElementById('saved-says')
let timer, saving

function tell (words) { says.textContent = words }

function later () {
  clearTimeout(timer)
  timer = setTimeout(() => { saving = save().finally(() => { saving = undefined }) }, PAUSE)
}

// Only where what stands there now is what was sent: what others have written meanwhile stays theirs.
function takeOver (fresh, sent) {
  const now = new FormData(fresh)
  const isSame = name => plain(sent.get(name)) === plain(now.get(name))
  for (const input of fresh.querySelectorAll('input[type=hidden][name^=seen-]')) {
    const own = form.elements[input.name]
    const about = input.name.slice('seen-'.length)
    if (own && [about, `answer-${about}`, `words-${about}`].every(isSame)) own.value = input.value
  }
}

function plain (value) { return (value ?? '').replaceAll('\r\n', '\n').trim() }

async function save () {
  const body = new FormData(form)
  body.delete('file') // a file goes with the button only
  body.set('then', 'save')
  body.set('key', crypto.getRandomValues(new Uint32Array(4)).join('-')) // another request than that of the button
  try {
    const answer = await fetch(form.action, { method: 'POST', body })
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const fresh = page.querySelector('form[data-saves]')
    if (!fresh) return tell('Not saved. Press “Save and come back later” to see why.')
    // Where somebody else has answered meanwhile, their marks stay unseen: the button shows what there is to decide.
    if (answer.status !== 409) takeOver(fresh, body)
    if (!answer.ok) return tell('Some of it is not saved yet. Press “Save and come back later” to see why.')
    for (const id of ['progress-says', 'progress-bar']) {
      const now = page.getElementById(id)
      document.getElementById(id).replaceWith(document.importNode(now, true))
    }
    const at = new Date()
    tell(`Saved by itself at ${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}.`)
  } catch {
    tell('Not saved: there is no connection. It is tried again.')
    later()
  }
}

if (form && says) {
  form.addEventListener('input', later)
  form.addEventListener('submit', (event) => {
    clearTimeout(timer)
    if (!saving) return
    event.preventDefault() // first what is under way, then what was pressed
    const pressed = event.submitter
    saving.then(() => form.requestSubmit(pressed))
  })
}
