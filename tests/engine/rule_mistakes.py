"""What is said to each mistake in a file of rules: one file for each in bad_yaml/rules, named for the mistake."""

from __future__ import annotations

FACTS = (
    "Known: state, outcome, agreed_on, due_on, evidence_count, times_moved, is_late, is_own_agency, remark"
)
STATES = "Known: agreed, in_progress, confirmed, verified"
ID = "does not do as an id; write at most 60 small letters, digits and hyphens, such as 'action-overdue'"
ITSELF = "quiets itself, directly or by way of the rules that it quiets"

MISTAKES = {
    "condition_is_a_list": ["5:11: expected a text, but found a list"],
    "condition_is_missing": ["2:5: the key 'when' is missing here"],
    "copy_of_what_is_told": ["8:19: 'owner' is told already; once is enough"],
    "id_with_capitals": [f"2:9: 'Action overdue' {ID}"],
    "key_misspelled": [
        "8:5: 'serverity' is not a key that is known here; did you mean 'severity'? Known: id, about, title, when, once_per, repeat, notice, unless, tell, copy, severity, quiets, set"
    ],
    "many_faults_in_one_file": [
        f"2:9: 'First' {ID}",
        "4:11: expected a text, but found nothing",
        "7:12: 'ownr' is not somebody who can be told about action; did you mean 'owner'? Known: owner, chair, agency.lead",
        "8:15: 'loud' is not a severity. Known: reminder, escalation, urgent",
        f"12:20: 'todya' is not a fact of action; did you mean 'today'? {FACTS}, today",
        f"13:15: 'due' is not a fact of action; did you mean 'due_on'? {FACTS}",
    ],
    "no_list_of_rules": [
        "1:1: 'id' is not a key that is known here. Known: rules",
        "1:1: the key 'rules' is missing here",
        "2:1: 'about' is not a key that is known here. Known: rules",
    ],
    "once_per_a_text": ["6:15: 'remark' is a text; a rule fires once per date, number, choice or yes and no"],
    "once_per_unknown_fact": [f"6:15: 'due' is not a fact of action; did you mean 'due_on'? {FACTS}"],
    "quiets_a_rule_about_another_kind": [
        "8:14: 'audit-late' is about audit; a rule quiets only rules about its own kind"
    ],
    "quiets_an_unknown_rule": ["8:14: 'action-late' is not the id of a rule. Known: action-overdue"],
    "quiets_in_a_circle": [f"8:14: 'first' {ITSELF}", f"15:14: 'second' {ITSELF}"],
    "quiets_itself": [f"8:13: 'action-overdue' {ITSELF}"],
    "repeat_at_most_some": ["8:38: expected a whole number, such as 3, but found 'some'"],
    "repeat_every_nought_days": ["8:21: '0' does not do here; write a number from 1 to 9999"],
    "repeat_in_an_unknown_unit": [
        "8:23: 'fortnights' is not a unit of time. Known: days, working days, weeks, months, years"
    ],
    "repeat_that_fires_once": [
        "8:38: expected a whole number from 2 to 100, but found 1; it counts the first time too, and a rule that fires once needs no repeat"
    ],
    "repeat_without_a_number": [
        "8:21: expected a span of time such as '10 working days' or '1 week', but found 'week'"
    ],
    "repeat_without_end": ["8:13: the key 'at_most' is missing here"],
    "rules_without_hyphens": [
        "2:3: expected a list, one entry a line, each beginning with '- ', but found a mapping"
    ],
    "same_id_twice": [
        "8:9: the id 'action-overdue' stands here twice; the first one is at same_id_twice.yaml:2"
    ],
    "sets_a_date_to_true": ["8:19: 'due_on' is a date; it cannot be set to 'true'"],
    "sets_a_flag_to_today": ["8:20: 'is_late' is either true or false; it cannot be set to 'today'"],
    "sets_a_shifted_date": ["8:19: a rule sets a fact to true, false or today, and not to 'today + 1 week'"],
    "sets_an_unknown_fact": [f"8:11: 'is_overdue' is not a fact of action. {FACTS}"],
    "sets_the_state": [
        "8:11: a rule cannot set 'state', which is one word out of a list; it sets a date to today, or a yes or no to true or false"
    ],
    "state_without_the_fact": ["5:11: 'agreed' is a state; write 'state = agreed'"],
    "tells_nobody": ["2:5: this rule tells nobody and sets nothing; give it the key 'tell' (or 'set')"],
    "told_twice": ["7:19: 'owner' is told already; once is enough"],
    "unknown_addressee": [
        "7:19: 'agency.led' is not somebody who can be told about action; did you mean 'agency.lead'? Known: owner, chair, agency.lead"
    ],
    "unknown_fact": [f"5:30: 'due_date' is not a fact of action. {FACTS}, today"],
    "unknown_kind": ["3:12: 'acton' is not a kind of subject; did you mean 'action'? Known: action, audit"],
    "unknown_severity": [
        "8:15: 'urgently' is not a severity; did you mean 'urgent'? Known: reminder, escalation, urgent"
    ],
    "unknown_state": [f"5:19: 'agred' is not a state of action; did you mean 'agreed'? {STATES}"],
    "unknown_state_on_the_second_line": [
        f"7:7: 'confirmd' is not a state of action; did you mean 'confirmed'? {STATES}"
    ],
    "a_tab": ["7:1: a tab stands here; indent with spaces"],
    "a_tag": ["4:12: a value cannot begin with '!' (a tag): put the text in quotes"],
    "about_is_missing": ["2:5: the key 'about' is missing here"],
    "an_anchor": [
        "7:11: a value cannot begin with '&' or '*' (anchors and aliases): write it out, or put the text in quotes"
    ],
    "condition_and_beside_or": [
        "5:43: 'and' and 'or' stand side by side, which can be read in two ways; put brackets around what belongs together"
    ],
    "condition_and_in_capitals": ["5:32: write 'and' in small letters"],
    "condition_arrow": ["5:27: write '>=' instead of '=>'"],
    "condition_begins_with_or": ["5:11: expected a fact of action, a date or a number, but found 'or'"],
    "condition_bracket_closes_nothing": ["5:31: this bracket closes nothing; no bracket is open here"],
    "condition_bracket_not_closed": ["5:12: the bracket that opens here is not closed"],
    "condition_compares_texts": [
        "5:11: 'remark' is a text; a condition can only ask whether it 'is empty' or 'is not empty'"
    ],
    "condition_date_alone": [
        "5:17: expected a comparison after 'due_on', such as 'due_on < today', but found nothing more"
    ],
    "condition_date_in_english": [
        "5:20: '31.3.2026' is not a date; write it like 2026-01-31 (year-month-day)"
    ],
    "condition_date_moved_twice": ["5:27: a date can be moved only once"],
    "condition_day_that_is_not": ["5:20: there is no day 2026-02-30 in the calendar"],
    "condition_empty": ["5:11: expected a text, but found an empty text"],
    "condition_ends_with_and": [
        "5:22: expected a fact of action, a date or a number, but found nothing more"
    ],
    "condition_equals_empty": ["5:20: expected a fact of action, a date or a number, but found 'empty'"],
    "condition_flag_with_a_number": [
        "5:23: 'is_late' is either true or false, and '1' is a whole number; they cannot be compared"
    ],
    "condition_fraction": ["5:30: '.' has no meaning in a condition"],
    "condition_function": [f"5:12: 'days' is not a fact of action; did you mean 'today'? {FACTS}, today"],
    "condition_in_not_closed": ["5:20: the bracket that opens here is not closed"],
    "condition_in_nothing": [
        "5:21: expected a state of action, but found ')'. Known: agreed, in_progress, confirmed, verified"
    ],
    "condition_in_with_a_word_twice": ["5:29: 'agreed' stands in this list twice"],
    "condition_in_without_brackets": [
        "5:20: after 'in' comes a list in brackets, such as '(agreed, in_progress)'"
    ],
    "condition_is_a_state": [
        "5:20: after 'is' comes 'empty' or 'not empty', but found 'agreed'; values are compared with '='"
    ],
    "condition_is_null": [
        "5:21: after 'is' comes 'empty' or 'not empty', but found 'null'; values are compared with '='"
    ],
    "condition_like": ["5:11: words stand in a condition without quotes"],
    "condition_minus_without_a_span": [
        "5:21: expected a number of days, weeks, months or years, but found 'today'"
    ],
    "condition_not_without_in": [
        "5:21: expected 'in' after 'not' here, but found 'agreed'; to turn a comparison round, write 'not' before it"
    ],
    "condition_number_alone": [
        "5:25: expected a comparison after 'evidence_count', such as 'evidence_count > 0', but found nothing more"
    ],
    "condition_number_in_words": ["5:20: expected a number of days, weeks, months or years, but found 'ten'"],
    "condition_number_moved": [
        "5:27: 'evidence_count' is a whole number; only a date can be moved with '+' or '-'"
    ],
    "condition_number_with_a_date": [
        "5:28: 'evidence_count' is a whole number, and 'today' is a date; they cannot be compared"
    ],
    "condition_orders_states": ["5:18: 'state' is one word out of a list; compare it with '=', '!=' or 'in'"],
    "condition_percent": ["5:30: '%' has no meaning in a condition"],
    "condition_span_too_long": ["5:20: '99999' is too much; the most is 9999"],
    "condition_span_without_unit": [
        "5:23: expected a unit of time, but found '<='. Known: days, working days, weeks, months, years"
    ],
    "condition_state_in_quotes": ["5:20: words stand in a condition without quotes"],
    "condition_text_with_a_word": [
        f"5:20: 'late' is not a fact of action; did you mean 'is_late'? {FACTS}, today"
    ],
    "condition_three_values": [
        "5:31: only two values can be compared at once; join two comparisons with 'and'"
    ],
    "condition_today_is_empty": ["5:11: only a fact can be empty, and this is none"],
    "condition_today_with_today": ["5:11: this compares today with today; one side must be a fact or a date"],
    "condition_two_ampersands": ["5:32: write 'and' instead of '&&'"],
    "condition_two_bars": ["5:20: write 'or' instead of '||'"],
    "condition_two_constants": [
        "5:11: this compares two fixed values, so it never changes; one side must be a fact"
    ],
    "condition_two_facts_without_a_word": ["5:19: expected 'and', 'or' or the end here, but found 'due_on'"],
    "condition_unit_misspelled": [
        "5:23: 'workdays' is not a unit of time; did you mean 'working days'? Known: days, working days, weeks, months, years"
    ],
    "condition_with_a_dot": [f"5:11: 'action.due_on' is not a fact of action. {FACTS}, today"],
    "condition_with_two_equals": ["5:17: write '=' instead of '=='"],
    "id_begins_with_a_digit": [f"2:9: '7-days-overdue' {ID}"],
    "id_is_missing": ["2:5: the key 'id' is missing here"],
    "id_too_long": [f"2:9: '{'a' * 61}' {ID}"],
    "key_twice": ["8:5: the key 'tell' stands here twice; the first one is on line 7"],
    "nothing_in_the_file": ["1:1: the file is empty"],
    "notice_before_nobody_is_told": [
        "8:13: there is a notice here, but nobody is told afterwards; give the rule the key 'tell'"
    ],
    "notice_in_words": [
        "8:13: expected a mapping, lines of 'key: value', but found 'three working days before'"
    ],
    "notice_of_no_days": ["8:33: '0' does not do here; write a number from 1 to 9999"],
    "notice_to_nobody_known": [
        "8:18: 'ownr' is not somebody who can be told about action; did you mean 'owner'? Known: owner, chair, agency.lead"
    ],
    "notice_to_two": ["8:18: expected a text, but found a list"],
    "notice_with_an_unknown_key": [
        "8:13: the key 'before' is missing here",
        "8:25: 'after' is not a key that is known here. Known: to, before",
    ],
    "notice_without_anybody": ["8:13: the key 'to' is missing here"],
    "notice_without_time": ["8:13: the key 'before' is missing here"],
    "once_per_is_missing": ["2:5: the key 'once_per' is missing here"],
    "once_per_two_facts": ["6:15: expected a text, but found a list"],
    "quotes_not_closed": ["4:12: a quote is opened here and never closed"],
    "repeat_is_a_span": ["8:13: expected a mapping, lines of 'key: value', but found '1 week'"],
    "repeat_of_half_a_week": [
        "8:21: expected a span of time such as '10 working days' or '1 week', but found '0.5 weeks'"
    ],
    "repeat_too_often": [
        "8:38: expected a whole number from 2 to 100, but found 1000; it counts the first time too, and a rule that fires once needs no repeat"
    ],
    "repeat_with_an_unknown_key": [
        "8:13: the key 'at_most' is missing here",
        "8:29: 'at_least' is not a key that is known here. Known: every, at_most",
    ],
    "rule_is_a_word": ["2:5: expected a mapping, lines of 'key: value', but found 'action-overdue'"],
    "set_is_a_word": ["8:10: expected a mapping, lines of 'key: value', but found 'is_late'"],
    "sets_a_flag_to_yes": [f"8:20: 'yes' is not a fact of action. {FACTS}, today"],
    "sets_a_number": [
        "8:11: a rule cannot set 'evidence_count', which is a whole number; it sets a date to today, or a yes or no to true or false"
    ],
    "sets_a_text": [
        "8:11: a rule cannot set 'remark', which is a text; it sets a date to today, or a yes or no to true or false"
    ],
    "severity_in_capitals": [
        "8:15: 'Escalation' is not a severity; did you mean 'escalation'? Known: reminder, escalation, urgent"
    ],
    "severity_is_a_list": ["8:15: expected a text, but found a list"],
    "tell_is_a_mapping": ["7:11: expected a text, but found a mapping"],
    "tell_is_empty": ["7:10: expected a text, but found nothing"],
    "title_is_empty": ["4:11: expected a text, but found nothing"],
    "title_is_missing": ["2:5: the key 'title' is missing here"],
    "two_documents": ["8:1: a second document begins here ('---'); one file holds one"],
    "unless_is_a_condition": [
        "8:13: 'state = agreed' is not something that holds a rule. Known: escalation accepted"
    ],
    "unless_is_a_list": ["8:13: expected a text, but found a list"],
    "unless_something_else": [
        "8:13: 'escalation denied' is not something that holds a rule; did you mean 'escalation accepted'? Known: escalation accepted"
    ],
}
