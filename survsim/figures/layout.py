"""Where things stand: everything a picture shows inside its sheet, nothing on something else.

A drawing function says what there is (`above`, `below`, `remark`, `row_below`, `left_label`, `ticks`); once it has
drawn, `fit` measures the letters as they will stand and places them: labels broken into lines, the legend in as
many columns as fit, ticks as dense as their numbers allow, then the axes in what is left. A picture's own sheet grows
in height where that is needed; on a user's axes the axes shrink inside their cell of the user's figure.
"""

from __future__ import annotations

import itertools
import warnings
from typing import Any

from survsim.core.errors import InputError
from survsim.figures import lettering
from survsim.figures.notes import Notes, notes_of
from survsim.figures.sheet import Sheet, sheet_of
from survsim.figures.stack import stack

EDGE = 3.0
"""Points kept free at the edge of the sheet."""
LABEL_SHARE = 0.42
"""The most that labels at the left take of the width."""
ENDS_SHARE = 0.26
"""The most that names at the ends of curves take of the width."""
LEAST = 0.34
"""The least that axes keep of a user's cell."""
LEAST_INCHES = 0.55
"""Of axes on a sheet of our own, in height."""
ROW_LINES = 6
"""Lines that the label of a row takes, with its numbers, where the sheet may grow."""
LEAST_PANEL = 1.1
"""Of the axes of a panel in height (inches), on a sheet that may grow."""
PANEL_TURNS = 5
MOST_GROWTH, GROWTH = 10, 1.25
"""How often, and how much, a sheet grows on which the words of panels have no room at all."""
TURNS = 6
FULL_CELL, SMALLEST_LETTERS = (230.0, 190.0), 0.62
"""Points of a user's cell with letters of full size; how much smaller they become in a small one."""


def fit(drawn: Any) -> None:
    """Place what was drawn on these axes, or on this list of axes."""
    axes = list(drawn) if isinstance(drawn, list | tuple) or hasattr(drawn, "ravel") else [drawn]
    axes = [ax for ax in axes if hasattr(ax, "get_tightbbox")]
    if not axes:
        return
    root = axes[0].figure.figure
    sheet = sheet_of(root)
    if sheet is not None and len(root.axes) > 1:
        _fit_panels(root, root.axes, sheet)
        return
    for ax in axes:
        _fit_axes(ax, sheet)


def renderer_of(root: Any) -> Any:
    """What measures the letters of a figure, whatever it is drawn on later."""
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(max(root.bbox.width, 1.0), max(root.bbox.height, 1.0), root.dpi)


def _fit_axes(ax: Any, sheet: Sheet | None) -> None:
    root, notes = ax.figure.figure, notes_of(ax)
    point = root.dpi / 72.0
    placed = ax.figure.get_layout_engine() is not None and sheet is None
    for turn in range(TURNS):
        renderer = renderer_of(root)
        region = _region(ax, sheet is not None)
        ax.apply_aspect()
        before = ax.get_window_extent().bounds
        _write(ax, notes, region, renderer, grows=sheet is not None and sheet.height is None)
        stack(ax, notes, region, renderer)
        if placed:  # the user's figure has an engine that makes room for what stands around axes
            ax.figure.get_layout_engine().execute(ax.figure)
        else:
            _make_room(ax, notes, sheet, region, renderer, point, turn == TURNS - 1)
        ax.apply_aspect()
        now = ax.get_window_extent().bounds
        if max(abs(a - b) for a, b in zip(before, now)) < 0.4 and not notes.cramped:
            break
    stack(ax, notes, _region(ax, sheet is not None), renderer_of(root))
    for finish in notes.after:
        finish(ax)


def _make_room(
    ax: Any,
    notes: Notes,
    sheet: Sheet | None,
    region: tuple[float, ...],
    renderer: Any,
    point: float,
    last: bool,
) -> None:
    """The axes in what the region (pixels) has left after everything around them."""
    root = ax.figure.figure
    box, tight = ax.get_window_extent(), ax.get_tightbbox(renderer)
    edge = EDGE * point
    left, right = max(box.x0 - tight.x0, 0.0) + edge, max(tight.x1 - box.x1, 0.0) + edge
    below, above = max(box.y0 - tight.y0, 0.0) + edge, max(tight.y1 - box.y1, 0.0) + edge
    x0, y0, x1, y1 = region
    if sheet is not None:
        width = x1 - x0 - left - right
        wanted = _inner_height(ax, notes, sheet, width / root.dpi, renderer) * root.dpi
        height = y1 - y0 - below - above if sheet.height is not None else wanted
        least = _least_height(ax, notes, sheet) * root.dpi
        notes.cramped = width < 0.5 * root.dpi or height < least
        # Not to the whole of `least`: in rows made higher than they can be, labels would take more lines again.
        width, height = max(width, 0.5 * root.dpi), max(height, min(least, LEAST_INCHES * root.dpi))
        if notes.cramped and last:
            wide = (0.5 * root.dpi + left + right) / root.dpi * 25.4
            high = (least + below + above) / root.dpi * 25.4
            short = x1 - x0 - left - right < 0.5 * root.dpi
            need = f"at least {wide:.0f} mm wide" if short else f"{high:.0f} mm high, or leave out height="
            raise InputError(
                f"a sheet of {root.get_figwidth() * 25.4:.0f} by {root.get_figheight() * 25.4:.0f} mm has no room for this "
                f"picture with its words; make it {need}, or give shorter labels."
            )
        total = height + below + above
        if sheet.height is None:
            root.set_figheight(total / root.dpi)
        size = (root.bbox.width, total)
        _put(ax, (left / size[0], below / size[1], width / size[0], height / size[1]))
        return
    width = max(x1 - x0 - left - right, LEAST * (x1 - x0))
    height = max(y1 - y0 - below - above, LEAST * (y1 - y0))
    parent = ax.figure.bbox
    _put(
        ax,
        (
            (x0 + left - parent.x0) / parent.width,
            (y0 + below - parent.y0) / parent.height,
            width / parent.width,
            height / parent.height,
        ),
    )


def _put(ax: Any, place: tuple[float, float, float, float]) -> None:
    ax.set_position(place)
    # Setting a position takes axes out of what is measured when a figure is saved tightly; they belong there.
    ax.set_in_layout(True)


def _inner_height(ax: Any, notes: Notes, sheet: Sheet, width: float, renderer: Any) -> float:
    """Height (inches) of the axes on a sheet that may grow."""
    if notes.ratio is not None:
        return notes.ratio * width
    if sheet.rows:
        em = notes.row_lines * 1.22 * _em(ax) / 72.0
        return sheet.rows * max(sheet.row * _em(ax) / 8.5, em + 0.05)
    usual_width, usual_height = sheet.usual
    return max((usual_height - 0.95) * min(1.0, (sheet.width / usual_width) ** 0.6), 1.1)


def _least_height(ax: Any, notes: Notes, sheet: Sheet) -> float:
    """Height (inches) below which the axes of a sheet of given height have no room for the lines of their rows."""
    if sheet.height is None:
        return 0.0
    lines = notes.row_lines if sheet.rows and notes.row_lines > 1 else 0
    return max(LEAST_INCHES, sheet.rows * lines * 1.22 * _em(ax) / 72.0)


def _em(ax: Any) -> float:
    """Size of small letters (points)."""
    labels = ax.get_yticklabels()
    return float(labels[0].get_fontsize()) if labels else 8.5


def _region(ax: Any, own: bool) -> tuple[float, float, float, float]:
    """What the axes and all around them may cover: x0, y0, x1, y1 in pixels of the whole figure."""
    parent = ax.figure.bbox
    spec = ax.get_subplotspec()
    if own:
        x0, y0, x1, y1 = 0.0, 0.0, 1.0, 1.0
    elif spec is None:
        x0, y0, x1, y1 = _placed_by_hand(ax)
    else:
        x0, y0, x1, y1 = _cell(spec, ax.figure)
    return (
        parent.x0 + x0 * parent.width,
        parent.y0 + y0 * parent.height,
        parent.x0 + x1 * parent.width,
        parent.y0 + y1 * parent.height,
    )


def _placed_by_hand(ax: Any) -> tuple[float, float, float, float]:
    """Axes made at a place of the user's: up to the nearest other axes or the edge."""
    box = notes_of(ax).home or ax.get_position(original=True).bounds
    notes_of(ax).home = box
    x0, y0, x1, y1 = 0.0, 0.0, 1.0, 1.0
    left, low, right, high = box[0], box[1], box[0] + box[2], box[1] + box[3]
    for other in ax.figure.axes:
        if other is ax:
            continue
        b = other.get_position(original=True)
        beside, over = b.y0 < high and b.y1 > low, b.x0 < right and b.x1 > left
        if beside and not over:
            x0, x1 = (
                max(x0, 0.5 * (b.x1 + left)) if b.x1 <= left else x0,
                min(x1, 0.5 * (b.x0 + right)) if b.x0 >= right else x1,
            )
        if over and not beside:
            y0, y1 = (
                max(y0, 0.5 * (b.y1 + low)) if b.y1 <= low else y0,
                min(y1, 0.5 * (b.y0 + high)) if b.y0 >= high else y1,
            )
    return x0, y0, x1, y1


def _cell(spec: Any, figure: Any) -> tuple[float, float, float, float]:
    """Cell of a grid with half of the gaps around it, in shares of the figure."""
    grid = spec.get_gridspec()
    parent = getattr(grid, "_subplot_spec", None)
    outer = (0.0, 0.0, 1.0, 1.0) if parent is None else _cell(parent, figure)
    bottoms, tops, lefts, rights = grid.get_grid_positions(figure)
    rows, columns = spec.rowspan, spec.colspan
    x0 = outer[0] if columns.start == 0 else 0.5 * (rights[columns.start - 1] + lefts[columns.start])
    x1 = outer[2] if columns.stop == grid.ncols else 0.5 * (rights[columns.stop - 1] + lefts[columns.stop])
    y1 = outer[3] if rows.start == 0 else 0.5 * (bottoms[rows.start - 1] + tops[rows.start])
    y0 = outer[1] if rows.stop == grid.nrows else 0.5 * (bottoms[rows.stop - 1] + tops[rows.stop])
    return float(x0), float(y0), float(x1), float(y1)


def _fit_panels(root: Any, axes: list[Any], sheet: Sheet) -> None:
    """Several axes on a sheet of our own: matplotlib's engine aligns them once their words have their lines."""
    root.set_layout_engine("constrained")
    engine = root.get_layout_engine()
    engine.set(w_pad=EDGE / 72, h_pad=EDGE / 72)
    turn = grown = 0
    while turn < PANEL_TURNS:
        renderer = renderer_of(root)
        for ax in axes:
            region = _region(ax, False)
            _write(ax, notes_of(ax), region, renderer, grows=sheet.height is None)
            stack(ax, notes_of(ax), region, renderer)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                engine.execute(root)
            except UserWarning:  # the engine's words for axes without any room
                if sheet.height is None and grown < MOST_GROWTH:
                    grown += 1
                    root.set_figheight(GROWTH * root.get_figheight())
                    continue
                raise InputError(
                    f"a sheet of {root.get_figwidth() * 25.4:.0f} by {root.get_figheight() * 25.4:.0f} mm has no room for "
                    "these panels with their words; make it wider or higher, or give shorter labels."
                ) from None
        turn += 1
        short = sum(_short_of(ax, renderer) for ax in axes if _first_column(ax))
        if turn > 2 and (sheet.height is not None or short < 2.0):
            break
        root.set_figheight(root.get_figheight() + (0 if sheet.height else short / root.dpi))
    engine.execute(root)
    for ax in axes:
        stack(ax, notes_of(ax), _region(ax, False), renderer_of(root))
        for finish in notes_of(ax).after:
            finish(ax)
    root.set_layout_engine("none")


def _first_column(ax: Any) -> bool:
    spec = ax.get_subplotspec()
    return spec is None or bool(spec.is_first_col())


def _short_of(ax: Any, renderer: Any) -> float:
    """Pixels by which axes are too low: for the lines of their rows, or for a curve."""
    notes = notes_of(ax)
    line = 1.3 * renderer.points_to_pixels(_em(ax))
    rows = len(notes.row_texts) * notes.row_lines * line
    least = rows if rows else LEAST_PANEL * ax.figure.figure.dpi
    return max(0.0, least - float(ax.get_window_extent().height))


# -- words ------------------------------------------------------------------------------------------


def _write(ax: Any, notes: Notes, region: tuple[float, ...], renderer: Any, *, grows: bool) -> None:
    """Break labels into lines for the room there is, and thin ticks whose numbers would touch."""
    width = region[2] - region[0]
    box = ax.get_window_extent()
    if notes.thin is not None:
        _thin(ax, notes, renderer)
    _write_rows(ax, notes, width, renderer, grows)
    limit = 0.98 * 2 * min(0.5 * (box.x0 + box.x1) - region[0], region[2] - 0.5 * (box.x0 + box.x1))
    notes.write(ax.xaxis.label, max(limit, 0.3 * width), renderer)
    notes.write(ax.yaxis.label, max(box.height, 40.0), renderer, most=3)
    for text in notes.ends:
        notes.write(text, ENDS_SHARE * width, renderer, most=3)
    for text in ax.texts:
        notes.plain(text)
    for tick in [*ax.xaxis.get_ticklabels(), *ax.yaxis.get_ticklabels()]:
        notes.plain(tick, tick.get_text())


def _write_rows(ax: Any, notes: Notes, width: float, renderer: Any, grows: bool) -> None:
    """Labels of rows at the left, as ticks or as texts: no wider than their share, no higher than their row."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter

    share, lines = (notes.share or LABEL_SHARE) * width, 1
    ticks = ax.yaxis.get_ticklabels()
    named = isinstance(ax.yaxis.get_major_formatter(), FixedFormatter | FuncFormatter)
    fixed = isinstance(ax.yaxis.get_major_locator(), FixedLocator)
    texts = [t.get_text() for t in ticks] if named and fixed else []
    if texts and texts != notes.row_shown:
        notes.row_texts = texts
    most = ROW_LINES if grows else _lines_of_a_row(ax, notes, renderer)
    if notes.row_texts and ticks:
        shown = [notes.broken(t, ticks[0], share, renderer, most) for t in notes.row_texts]
        ax.set_yticks(ax.get_yticks()[: len(shown)], shown)
        notes.row_shown = shown
        lines = max(lines, *(s.count("\n") + 1 for s in shown))
    for text in notes.left:
        notes.write(text, share, renderer, most=most)
        lines = max(lines, text.get_text().count("\n") + 1)
    notes.row_lines = lines


def _lines_of_a_row(ax: Any, notes: Notes, renderer: Any) -> int:
    count = max(len(notes.row_texts), len(notes.left), 1)
    per_row = ax.get_window_extent().height / count
    return max(1, min(lettering.MOST_LINES, int(per_row / (1.25 * renderer.points_to_pixels(_em(ax))))))


def _thin(ax: Any, notes: Notes, renderer: Any) -> None:
    """Fewer ticks until their numbers, and those that stand below them, do not touch."""
    assert notes.thin is not None
    gap = renderer.points_to_pixels(3.0)
    for most in (9, 7, 6, 5, 4, 3, 2):
        notes.thin(ax, most)
        for row in notes.below:
            row.renew(ax)
        boxes = [t.get_window_extent(renderer) for t in ax.get_xticklabels() if t.get_text()]
        clear = all(a.x1 + gap <= b.x0 for a, b in itertools.pairwise(boxes))
        if clear and not _touch(notes, renderer, gap):
            return


def _touch(notes: Notes, renderer: Any, gap: float) -> bool:
    for row in notes.below:
        kept = row.texts if row.make is not None else []
        boxes = sorted((t.get_window_extent(renderer) for t in kept), key=lambda b: b.x0)
        if any(a.x1 + gap > b.x0 for a, b in itertools.pairwise(boxes)):
            return True
    return False


def letter_scale(ax: Any) -> float:
    """How much smaller letters are on axes in a small cell of a user's figure; 1 on a sheet of our own."""
    if sheet_of(ax.figure.figure) is not None:
        return 1.0
    x0, y0, x1, y1 = _region(ax, False)
    point = ax.figure.figure.dpi / 72.0
    return max(SMALLEST_LETTERS, min(1.0, (x1 - x0) / point / FULL_CELL[0], (y1 - y0) / point / FULL_CELL[1]))


def region_points(ax: Any) -> float:
    """Width (points) of what the axes and all around them may cover."""
    root = ax.figure.figure
    x0, _, x1, _ = _region(ax, sheet_of(root) is not None and len(root.axes) == 1)
    return (x1 - x0) / root.dpi * 72.0
