// Light help only: every page works without it.
import { initAll } from './govuk-frontend.js'
initAll()
