"""formulaic's recipe of a design (knots, levels, contrasts) as plain parts, and the recipe from them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from survsim.core.errors import InputError


def recipe_parts(spec: Any) -> dict[str, Any] | None:
    """What new data need: the terms, the state of each transform and the levels and contrasts of each factor."""
    if spec is None:
        return None
    factors = {}
    for name, (kind, state) in spec.encoder_state.items():
        coded = {key: value for key, value in state.items() if key != "contrasts"}
        contrasts = state.get("contrasts")
        coding = (
            None if contrasts is None else [_contrasts_parts(contrasts.contrasts), list(contrasts.levels)]
        )
        factors[str(name)] = [kind.value, coded, coding]
    return {
        "formula": " + ".join(":".join(map(_as_typed, term.factors)) for term in spec.formula),
        "full_rank": bool(spec.ensure_full_rank),
        "transforms": {str(name): dict(state) for name, state in spec.transform_state.items()},
        "factors": factors,
    }


def recipe_from(parts: Mapping[str, Any] | None) -> Any:
    """The recipe that `recipe_parts` took apart; its columns on new data are those of the original."""
    if parts is None:
        return None
    from formulaic import Formula, ModelSpec
    from formulaic.parser.types import Factor
    from formulaic.transforms.contrasts import ContrastsState

    encoder = {}
    for name, (kind, coded, coding) in parts["factors"].items():
        state = dict(coded)
        if coding is not None:
            contrasts, levels = coding
            state["contrasts"] = ContrastsState(_contrasts_from(contrasts), levels)
        encoder[name] = (Factor.Kind(kind), state)
    # The intercept is among the terms as written out: none is to be added again.
    written = parts["formula"]
    formula = Formula(written if f"{written} ".startswith("1 ") else f"0 + {written}")
    return ModelSpec(
        formula=formula,
        materializer="pandas",
        ensure_full_rank=parts["full_rank"],
        na_action="ignore",
        output="pandas",
        transform_state={name: dict(state) for name, state in parts["transforms"].items()},
        encoder_state=encoder,
    )


def _as_typed(factor: Any) -> str:
    """A factor as it is read again: `tumour size` in backticks."""
    text = str(factor.expr)
    return f"`{text}`" if factor.eval_method.value == "lookup" and not text.isidentifier() else text


def _contrasts_parts(contrasts: Any) -> list[Any]:
    from formulaic.utils.sentinels import UNSET

    values = {name: value for name, value in vars(contrasts).items() if value is not UNSET}
    return [type(contrasts).__name__, values]


def _contrasts_from(parts: list[Any]) -> Any:
    from formulaic.transforms import contrasts

    name, values = parts
    cls = getattr(contrasts, name, None)
    if not (isinstance(cls, type) and issubclass(cls, contrasts.Contrasts)):
        raise InputError(f"contrasts {name!r} are not known here; a newer formulaic wrote them.")
    made: Any = object.__new__(cls)
    vars(made).update(values)  # what was left to its default is a default of the class
    return made
