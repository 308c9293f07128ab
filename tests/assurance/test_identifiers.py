"""What may tell who a child is, and what may not: the guard warns of the one and lets the other be."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.identifiers import Kind, found_in, is_nhs_number, warning
from assurance.wording import remarks_on

FOUND = [
    ("NHS number 943 476 5919 is on file", Kind.NHS_NUMBER, "943 476 5919"),
    ("9434765919", Kind.NHS_NUMBER, "9434765919"),
    ("NHS no: 943-476-5919.", Kind.NHS_NUMBER, "943-476-5919"),
    ("The child (DOB 12/05/2008) was seen", Kind.BIRTH, "12/05/2008"),
    ("d.o.b. 3.3.09", Kind.BIRTH, "3.3.09"),
    ("born on 3 March 2009 at home", Kind.BIRTH, "3 March 2009"),
    ("Date of birth: 3rd of March 2009", Kind.BIRTH, "3rd of March 2009"),
    ("date of birth was the 03-03-2009", Kind.BIRTH, "03-03-2009"),
    ("J. (12/05/2008) was seen", Kind.BIRTH, "12/05/2008"),
    ("dob 2009-03-03", Kind.BIRTH, "2009-03-03"),
    ("lives at BS1 4DJ with", Kind.POSTCODE, "BS1 4DJ"),
    ("lives at sw1a1aa now", Kind.POSTCODE, "sw1a1aa"),
    ("M1 1AE", Kind.POSTCODE, "M1 1AE"),
    ("rang 0117 496 0123 twice", Kind.PHONE, "0117 496 0123"),
    ("rang 07700900123", Kind.PHONE, "07700900123"),
    ("on +44 7700 900 123", Kind.PHONE, "+44 7700 900 123"),
    ("on +44 (0)117 496 0123", Kind.PHONE, "+44 (0)117 496 0123"),
    ("on (0117) 496 0123", Kind.PHONE, "(0117) 496 0123"),
    ("wrote to a.person@school.example.", Kind.EMAIL, "a.person@school.example"),
    ("Sarah was asked", Kind.NAME, "Sarah"),
    ("the mother, Sarah Jones, was asked", Kind.NAME, "Sarah Jones"),
    ("When Jayden came home", Kind.NAME, "Jayden"),
    ("asked by Mrs Okonkwo", Kind.NAME, "Mrs Okonkwo"),
    ("Dr. Shah wrote", Kind.NAME, "Dr. Shah"),
    ("a brother called Kwame", Kind.NAME, "Kwame"),
    ("known as ‘Tiggy’", Kind.NAME, "Tiggy"),
    ("Mary-Jane's school", Kind.NAME, "Mary-Jane"),
    ("Thomas O'Neill", Kind.NAME, "Thomas O'Neill"),
]
NOTHING = [
    "",
    "Information was shared within a day.",
    "943 476 5918 is no NHS number",
    "The meeting on 3 March 2015 decided nothing.",
    "Seen on 03/03/2015 and on 2015-03-04.",
    "Case C-7KQ2MP of audit 2014-15/2",
    "4 of 32 returns said yes (12.5 %)",
    "Budget 1000000000 pounds",
    "Form A2 4BC is out of date",
    "North Trust and County Council, Child Protection Conference",
    "In April and in May, mark the file; it will rise.",
    "The Named GP and the Designated Nurse met.",
    "Section 47 enquiries, version 10.2.3",
    "Family L and Child C were reviewed before.",
    "0800 is no number",
    "the @ sign",
]


@pytest.mark.parametrize(("text", "kind", "letters"), FOUND, ids=[row[0] for row in FOUND])
def test_what_may_tell_who_it_is_is_found(text: str, kind: Kind, letters: str) -> None:
    assert [(one.kind, one.letters) for one in found_in(text)] == [(kind, letters)]


@pytest.mark.parametrize("text", NOTHING, ids=lambda text: text or "nothing")
def test_what_tells_nothing_is_let_be(text: str) -> None:
    assert found_in(text) == ()
    assert warning(text) == ""


def test_everything_is_found_at_once_in_the_order_of_the_text() -> None:
    text = "Sarah (12/05/2008), NHS 943 476 5919, BS1 4DJ, 07700 900123, s@home.example"
    assert [one.kind for one in found_in(text)] == [
        Kind.NAME,
        Kind.BIRTH,
        Kind.NHS_NUMBER,
        Kind.POSTCODE,
        Kind.PHONE,
        Kind.EMAIL,
    ]


def test_the_warning_names_what_was_found_and_what_to_do() -> None:
    assert warning("Sarah lives at BS1 4DJ.") == (
        "‘Sarah’ looks like somebody's name; ‘BS1 4DJ’ looks like a postcode. "
        "Nobody is to be recognised here: change it, or say that it is no identifier."
    )


def test_a_long_list_is_cut_short() -> None:
    text = "Sarah. Thomas. Emily. Jacob. Megan. Jayden. Chloe."
    assert ", and 2 more of the kind. Nobody is to be recognised" in warning(text)


def test_a_number_that_nobody_has_is_none() -> None:
    assert not is_nhs_number("1111111111")
    assert not is_nhs_number("943476591")
    assert not is_nhs_number("٩٤٣٤٧٦٥٩١٩")


@given(st.integers(min_value=100_000_000, max_value=999_999_999))
def test_nine_figures_have_at_most_one_check_digit(front: int) -> None:
    fitting = [last for last in range(10) if is_nhs_number(f"{front}{last}")]
    assert len(fitting) <= 1
    for last in fitting:
        # A single wrong figure, and two neighbours in the wrong order, are both noticed: what the digit is for.
        figures = list(f"{front}{last}")
        figures[3] = str((int(figures[3]) + 1) % 10)
        assert not is_nhs_number("".join(figures))


@given(st.text(max_size=300))
def test_whatever_is_typed_is_looked_through(text: str) -> None:
    for one in found_in(text):
        assert text[one.at :].startswith(one.letters)
        assert warning(text)


@pytest.mark.parametrize(
    "row",
    ["0", "07", "a", "a.", "a-", "a@", "O'Aa-", "Aa'", "dob.", "(", "(1 ", "Sarah, ", "a@b.cd ", "000 ", " "],
)
def test_a_long_row_of_letters_keeps_nobody_waiting(row: str) -> None:
    text, began = row * (100_000 // len(row)), time.process_time()
    found_in(text)
    remarks_on(text)
    assert time.process_time() - began < 5
