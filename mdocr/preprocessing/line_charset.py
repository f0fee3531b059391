"""The character set of the line reader: Latin script and typographic signs.

Of look-alikes only one is included: µ, ∆, ∏ and ∑ also stand for the Greek letters.
"""

import string

LONG_S = "ſ"
"""The s of old prints, but at the ends of words."""
LATIN = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
    "ĄąĆćČčĎďĘęĚěŁłŃńŇňŐőŒœŘřŚśŠšŤťŮůŰűŸŹźŻżŽžſ"
)
PUNCTUATION = "–—‘’‚“”„«»‹›…•·†‡§¶¿¡©®™°"
MONEY = "€£¥¢"
SMALL = "ªº¹²³₂½¼¾"
MATHEMATICS = "±×÷−≤≥≠≈≡∞∈√∑∏∫∂∇∆→←↑↓⇒¬µ"
GREEK = "ΓΘΛΦΨΩαβγδεζηθκλνξπρστφχψω"
MARKS = "□■☐☑✓▪●○►"
LATER = "ĂăĐđĞğİıȘșŞşȚț₹₺‰№⅓⅔"
LATEST = "ĹĺĽľŔŕĀāĒēĢģĪīĶķĻļŅņŪūĖėĮįŲų☒✗★⅛⅜⅝⅞"

PAGE_SYMBOLS = (
    " "
    + string.digits
    + string.ascii_lowercase
    + string.ascii_uppercase
    + string.punctuation
    + LATIN
    + PUNCTUATION
    + MONEY
    + SMALL
    + MATHEMATICS
    + GREEK
    + MARKS
    + LATER
    + LATEST
)
"""Without duplicates, in the order of the ids of a new model: the space, the other 94 of ASCII, the
rest."""
