"""Types of regions on a page, and formats of what is read in them."""

PARATEXT_TYPES = ("header", "footer", "page_number", "aside_text", "page_footnote", "unknown")
PICTURE_TYPES = ("image", "chart", "image_block")
CODE_TYPES = ("code", "algorithm")
BLOCK_TYPES = (
    "text",
    "title",
    "table",
    "equation",
    "code",
    "algorithm",
    "ref_text",
    "list",
    "list_item",
    "phonetic",
    "table_caption",
    "image_caption",
    "code_caption",
    "table_footnote",
    "image_footnote",
    "image",
    "chart",
    "image_block",
    "equation_block",
    *PARATEXT_TYPES,
)
BLOCK_FORMATS = ("text", "latex", "html", "otsl")
