"""All attacks, as data. Rows are added, and never taken out."""

from tampering import attacks_on_files, attacks_on_the_story, attacks_with_the_key
from tampering.forging import Attack

ATTACKS: tuple[Attack, ...] = (
    *attacks_on_files.ROWS,
    *attacks_with_the_key.ROWS,
    *(
        Attack(row.what, row.by, row.reader, row.check, row.code, row.words, row.act, False)
        for row in attacks_on_the_story.ROWS
    ),
)
