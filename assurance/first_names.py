"""First names that are common in Britain, for a guard that warns. Words that also mean something else are left out."""

from __future__ import annotations

# Such as April, Mark, Grace, Rose, Summer, Will: in a text of the trade they are seldom a name.
_NAMES = """
aaliyah aaron abdul abdullah abigail adam adrian aisha alan albert alex alexander alexandra alfie ali alice
alison amanda amber amelia amina amir amy andrea andrew angela anita ann anna anne anthony antonio archie arthur
ashley ava ayaan aysha barbara beatrice ben benjamin bethany brandon brenda brian bruce callum cameron caroline
carol catherine charles charlie charlotte chantelle chelsea chloe christian christina christine christopher
claire clara colin connor courtney craig daisy daniel darren david deborah declan demi denise dennis derek diane
donna dorothy duncan dylan edward eleanor elena elijah elizabeth ella ellie elliot elsie emily emma eric ethan
eva evan evelyn evie fatima fiona florence frances francesca freddie freya gareth gary gemma george georgia
georgina gerald geraldine gillian glenn graham gwen hannah harold harriet harrison harry hassan heather helen
henry holly hussain ian ibrahim imogen irene isaac isabel isabella isabelle isla jackson jacob jacqueline jade
jake james jamie jane janet janice jason jasmine jayden jean jeffrey jenna jennifer jeremy jessica jill joan
joanna joanne joe joel john jonathan jordan joseph josh joshua josie joyce judith julia julian julie karen kate
katherine kathleen kathryn katie kayleigh keith kelly kenneth kerry kevin khadija kieran kim kimberley kirsty
kyle laura lauren layla leah leanne lee leo leon lewis liam libby lilly lily linda lisa logan lola louise lucas
lucy luke lydia maddison madison maisie malcolm margaret maria marie marion martha martin mary maryam mason
matilda matthew maureen max maya megan melanie mia michael michelle millie mohammad mohammed molly monica
muhammad naomi natalie nathan neil nicholas nicola nicole nigel noah norma olivia omar oscar owen pamela patricia
patrick paul paula pauline peter phillip philip phoebe poppy rachel ralph raymond rebecca reece rhys richard riley
robert robin roger ronald rosemary rosie ross roy russell ruth ryan sally samantha samuel sandra sara sarah
scarlett scott sean sebastian shannon sharon shaun sheila shirley sienna simon sofia sophia sophie stacey
stanley stefan stephanie stephen steven stewart stuart susan suzanne sylvia tamara tanya tara teresa terence
theo theodore theresa thomas tiffany timothy toby tony tracey tracy trevor tyler valerie vanessa veronica
victoria vincent wayne wendy william yasmin yusuf yvonne zachary zainab zara zoe
"""
FIRST_NAMES = frozenset(_NAMES.split())
