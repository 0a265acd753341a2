"""The whole screen: the panes, the rows around them, the box in which one types, and what lies over it.

title of the conversation             in a wide terminal: chats at the left, people at the right
the conversation
to whom a line goes
the line being typed
keys that help
"""

from reactor_chat.client.screen import side, status
from reactor_chat.client.screen.boxes import drawn, laid_over
from reactor_chat.client.screen.composer import EMPTY, Composed, composed
from reactor_chat.client.screen.keyboard import Keyboard
from reactor_chat.client.screen.painting import Picture
from reactor_chat.client.screen.pane import Pane
from reactor_chat.client.screen.rows import Row, Span, beside, cut, filled, row_of

ONE_PANE_BELOW = 60
"""In fewer columns the conversation stands alone."""
PEOPLE_FROM = 110
CHATS_CELLS, CHATS_CELLS_WIDE, PEOPLE_CELLS = 26, 30, 17
TYPED_ROWS_MAX = 5
ROWS_SMALL = 14
"""In fewer rows the keys that help are left out, and less is kept for the line being typed."""
BORDER = Span("rule", "│")


def draw_picture(board: Keyboard, columns: int, rows: int) -> Picture:
    """Return the screen of so many columns and rows."""
    is_small = rows < ROWS_SMALL or columns < ONE_PANE_BELOW
    typed_rows_max = max(1, min(TYPED_ROWS_MAX, rows // 4))
    box = _typed(board, columns, typed_rows_max)
    below = [_target(board, columns), *box.rows]
    if not is_small:
        below = [row_of(Span("rule", "─" * columns)), *below, status.hints(columns)]
    height = max(rows - len(below), 0)
    above = _panes(board, columns, height)
    all_rows = [*above, *below][:rows]
    cursor_row = height + len(below) - len(box.rows) - (not is_small) + box.cursor_row
    cursor = (min(box.cursor_cell, columns - 1), cursor_row) if cursor_row < rows else None
    if (asking := board.asking) is not None:
        over = drawn(asking.box(columns, rows), columns, rows)
        all_rows, cursor = laid_over(all_rows, over, columns), over.cursor
    return Picture([filled(row, columns) for row in all_rows], cursor)


def _typed(board: Keyboard, columns: int, rows_max: int) -> Composed:
    return EMPTY if board.is_secret else composed(board.editor, columns, rows_max)


def _target(board: Keyboard, columns: int) -> Row:
    if board.question:
        return cut(row_of(Span("not sent", f" {board.question}")), columns)
    to, posture = board.target()
    return status.target(to, posture, board.connection(), columns, beside=board.beside())


def _panes(board: Keyboard, columns: int, height: int) -> list[Row]:
    if not height:
        return []
    is_wide = columns >= ONE_PANE_BELOW
    chats_cells = (CHATS_CELLS_WIDE if columns >= PEOPLE_FROM else CHATS_CELLS) if is_wide and board.shows_chats else 0
    people_cells = PEOPLE_CELLS if columns >= PEOPLE_FROM and board.shows_people else 0
    middle = columns - chats_cells - people_cells - bool(chats_cells) - bool(people_cells)
    panes: list[tuple[list[Row], int]] = [(_conversation(board, middle, height), middle)]
    transcript = board.transcript
    if chats_cells:
        listed = side.chats(transcript.listed(), transcript.open, len(transcript.unsent()), chats_cells, height)
        panes.insert(0, (listed, chats_cells))
    if people_cells:
        panes.append((side.people(board.people(), board.me, people_cells, height), people_cells))
    return beside(panes, height, BORDER)


def _conversation(board: Keyboard, columns: int, height: int) -> list[Row]:
    transcript = board.transcript
    title = status.title(transcript.open, len(board.people()), board.connection(), columns)
    pane = board.pane()
    room = max(height - 1, 0)
    rows, is_at_top = _seen(pane, columns - 1, room, board.me)
    # A page is as many rows as are seen above the foot, so that none is skipped.
    board.seen(is_at_end=pane.is_at_end, is_at_top=is_at_top, height=max(room - 1, 1))
    blank = [row_of("")] * (room - len(rows))
    return [title, *blank, *((Span("", " "), *row) for row in rows)]


def _seen(pane: Pane, columns: int, room: int, me: str) -> tuple[list[Row], bool]:
    """Return the rows of the conversation that are seen, the last of them a foot where there is more below."""
    if room > 1 and not pane.is_at_end:
        seen = pane.seen(columns, room - 1, me)
        if not pane.is_at_end:  # it may have lost its place
            words = f"▼ {f'{seen.below} more' if seen.below else 'more'} below, End goes there"
            foot = cut(row_of(Span("new", f"{words:>{max(columns - 1, 0)}}")), columns)
            return [*seen.rows, foot], seen.is_at_top
    seen = pane.seen(columns, room, me)
    return seen.rows, seen.is_at_top
