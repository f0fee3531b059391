"""Characters that the lite page reader knows: Latin script, and the signs of print.

Of signs that look alike one is known: µ and ∆ ∏ ∑ stand for the Greek letters as well.
"""

import string

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
)
"""Each once, in the order of their ids; the space first, then the other 94 of ASCII."""
