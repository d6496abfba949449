"""From rows and assumptions to parameter draws, each with its sources and its layers of uncertainty.

A parameter from rows is the predictive distribution of a new study, made wider by transport:

    theta = mu + tau z_between + sd_transport z_transport,      (mu, tau) ~ posterior given the rows

with a flat prior on mu and a half-normal prior on tau (`survsim.estimate.borrowing.map_prior`). Draws are stratified
over the whole distribution and then split into the pieces (`survsim.scenario.predictive`), so a report can say how much of
the spread each layer carries; every parameter has streams of its own, and adding one changes no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray
from survsim.core.encoding import stored
from survsim.core.errors import ScenarioError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.streams import Streams
from survsim.core.tables import Columns, from_rows
from survsim.estimate.borrowing.map_prior import MapPrior, map_prior
from survsim.estimate.calibration.calibrated import EvidenceCalibration
from survsim.estimate.printed.number import PrintedNumber
from survsim.estimate.printed.study_rows import study_rows
from survsim.scenario import parameter_spec as spec
from survsim.scenario.derive import derive
from survsim.scenario.evidence_curves import CurveNumber
from survsim.scenario.joint_laws import JointLaw
from survsim.scenario.law_draws import law_draws
from survsim.scenario.predictive import PROBABILITIES, predictive_layers, quantile_errors, stratified
from survsim.scenario.row_effects import back_transform, row_effect

_SOURCES = ("rows", "contrast", "reconstructed", "assumption", "calibration", "joint", "derived")

Records = Callable[[str], Any]
"""Finds the `Estimate` of an id, or raises."""
Curves = Callable[..., CurveNumber]
"""Makes a number of a digitised curve (`survsim.scenario.evidence_curves.curve_number` of a store)."""
DIGITISING = "digitising"


@stored
@dataclass(frozen=True, slots=True)
class Parameter:
    """Draws of one number, where it comes from and what its spread is made of.

    Attributes
    ----------
    draws : (d,) on the natural scale.
    layers : layer of uncertainty -> (d,) component on the pooling scale; empty for what does not vary.
    rows : the evidence rows used; method, heterogeneity (posterior median tau), transport_sd : how.
    reason : why it is assumed, or how the contrast is biased.
    is_stratified : draws hold each slice of their distribution once; False for combinations of several.
    """

    name: str
    source: str
    scale: str
    unit: str
    meaning: str
    draws: FloatArray
    provenance: Provenance
    layers: Mapping[str, FloatArray] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    method: str = ""
    heterogeneity: float | None = None
    transport_sd: float | None = None
    reason: str = ""
    is_stratified: bool = False


@result
class Parameters(Result):
    """All parameters of a scenario: the parameter table of the paper, and the draws behind it."""

    parameters: Mapping[str, Parameter]

    def columns(self) -> Columns:
        """Columns parameter, meaning, unit, median, low, high (95% of draws), their Monte Carlo standard errors median_mc, low_mc,
        high_mc, source, method, rows, heterogeneity, transport_sd, reason."""
        rows = []
        for p in self.parameters.values():
            low, middle, high = np.quantile(p.draws, PROBABILITIES)
            low_mc, middle_mc, high_mc = quantile_errors(p.draws, p.is_stratified)
            rows.append(
                {
                    "parameter": p.name,
                    "meaning": p.meaning,
                    "unit": p.unit,
                    "median": middle,
                    "low": low,
                    "high": high,
                    "median_mc": middle_mc,
                    "low_mc": low_mc,
                    "high_mc": high_mc,
                    "source": p.source,
                    "method": p.method,
                    "rows": ", ".join(p.rows),
                    "heterogeneity": p.heterogeneity,
                    "transport_sd": p.transport_sd,
                    "reason": p.reason,
                }
            )
        return from_rows(rows, tuple(rows[0]))

    def headline(self) -> str:
        share = self.share_by_source()
        return f"{len(self.parameters)} parameters: " + ", ".join(
            f"{n} from {kind}" for kind, n in share.items()
        )

    def share_by_source(self) -> dict[str, int]:
        """How many parameters come from rows, contrasts, assumptions, a calibration, and how many are derived."""
        kinds = [p.source for p in self.parameters.values()]
        return {kind: kinds.count(kind) for kind in _SOURCES if kind in kinds}

    def draws(self) -> dict[str, FloatArray]:
        """Name -> (d,) draws."""
        return {name: p.draws for name, p in self.parameters.items()}

    def independent(self) -> dict[str, FloatArray]:
        """Name -> (d,) draws of those that vary by themselves: not derived from others, and not constant."""
        return {name: p.draws for name, p in self.parameters.items() if p.layers}

    def layers(self) -> dict[str, FloatArray]:
        """Layer of uncertainty -> (d, k) components, as `variance_by_layer` takes them."""
        found: dict[str, list[FloatArray]] = {}
        for p in self.parameters.values():
            for layer, values in p.layers.items():
                found.setdefault(layer, []).append(values)
        return {layer: np.column_stack(columns) for layer, columns in found.items()}


def parameterise(
    specs: Mapping[str, spec.ParameterSpec],
    records: Records,
    *,
    draws: int,
    seed: int,
    time_unit: str,
    scenario: str,
    calibration: EvidenceCalibration | None = None,
    curves: Curves | None = None,
    kept: dict[tuple[str, spec.ParameterSpec], Parameter] | None = None,
    joint: Mapping[str, JointLaw] | None = None,
) -> Parameters:
    """Draw every parameter of a scenario.

    Parameters
    ----------
    specs : name -> specification, as the scenario file gives them.
    records : finds the `Estimate` behind an id; what it raises for an unknown id is passed on.
    draws, seed : how many, and the seed of their streams.
    time_unit : unit that medians are converted to.
    scenario : its name, for references such as ``assumption:scenario/parameter``.
    calibration : what parameters with ``source: calibration`` are drawn from, jointly and for a new setting.
    curves : makes the numbers of parameters with ``source: reconstructed``.
    kept : parameters of rows and curves drawn before with the same draws and seed, which are taken and added to.
    joint : laws of numbers that were estimated together, for parameters with ``source: joint``.

    Raises
    ------
    ScenarioError : a row that does not measure what the parameter needs, a derived parameter that names an unknown or
        later one, or a parameter of a calibration that was not given or does not have it.
    """
    streams = Streams(seed)
    calibrated = calibration.draws(draws, new_setting=True) if calibration is not None else {}
    together = {name: law.draws(_streams_of(streams, name, draws)) for name, law in (joint or {}).items()}
    made: dict[str, Parameter] = {}
    kept = {} if kept is None else kept
    for name, one in specs.items():
        if (name, one) in kept:
            made[name] = kept[name, one]
            continue

        def uniforms(layer: str, name: str = name) -> FloatArray:
            return streams.uniforms(f"parameter/{name}/{layer}", size=draws)

        if isinstance(one, spec.FromRows):
            made[name] = _from_rows(name, one, records, uniforms, time_unit)
        elif isinstance(one, spec.FromContrast):
            made[name] = _from_contrast(name, one, records, uniforms, time_unit)
        elif isinstance(one, spec.FromReconstructed):
            made[name] = _from_reconstructed(name, one, curves, uniforms, time_unit)
        elif isinstance(one, spec.FromAssumption):
            made[name] = _from_assumption(name, one, uniforms, scenario)
        elif isinstance(one, spec.FromCalibration):
            made[name] = _from_calibration(name, one, calibration, calibrated)
        elif isinstance(one, spec.FromJoint):
            made[name] = _from_joint(name, one, joint or {}, together, scenario)
        else:
            made[name] = _derived(name, one, made)
        if not np.isfinite(made[name].draws).all():
            # Even where nothing but a derived rate takes them, which would be 0: a number is a number.
            raise ScenarioError(
                f"parameter {name!r} has draws that are no finite numbers; look at its rows, its law and its transport."
            )
        if isinstance(one, spec.FromRows | spec.FromContrast | spec.FromReconstructed):
            kept[name, one] = made[name]
    inputs = [p.provenance for p in made.values()]
    return Parameters(
        provenance=Provenance.of("parameterise", *inputs, draws=draws, seed=seed), parameters=made
    )


def _streams_of(streams: Streams, name: str, draws: int) -> Callable[[str], FloatArray]:
    """The uniforms of each component of numbers that are drawn together."""
    return lambda part: streams.uniforms(f"joint/{name}/{part}", size=draws)


def _from_rows(
    name: str, one: spec.FromRows, records: Records, uniforms: Callable[[str], FloatArray], time_unit: str
) -> Parameter:
    effects = [row_effect(records(row), one.scale, time_unit, **one.allowed()) for row in one.rows]
    pooled = _pool(effects, one.tau_scale)
    layers = predictive_layers(pooled, one.transport.sd, uniforms)
    return Parameter(
        name=name,
        source="rows",
        scale=one.scale,
        unit=one.unit,
        meaning=one.meaning,
        draws=back_transform(sum(layers.values(), np.zeros(())), one.scale),
        layers=layers,
        provenance=Provenance.of(
            "parameter",
            pooled,
            name=name,
            transport_sd=one.transport.sd,
            note=f"transport: {one.transport.reason}" + (f" bias: {one.bias}" if one.bias else ""),
        ),
        rows=one.rows,
        method=f"predictive, half-normal({one.tau_scale:g}) on tau; {'; '.join(_routes(effects))}",
        heterogeneity=float(pooled.tau_quantile(0.5)),
        transport_sd=one.transport.sd,
        reason=" ".join(t for t in (one.bias, one.transport.reason) if t),
        is_stratified=True,
    )


def _from_contrast(
    name: str, one: spec.FromContrast, records: Records, uniforms: Callable[[str], FloatArray], time_unit: str
) -> Parameter:
    arms = {}
    for arm, rows in (("treated", one.treated), ("control", one.control)):
        effects = [row_effect(records(row), "median", time_unit, **one.allowed()) for row in rows]
        arms[arm] = _pool(effects, one.tau_scale)
    treated = predictive_layers(arms["treated"], 0.0, lambda layer: uniforms(f"treated/{layer}"))
    control = predictive_layers(arms["control"], one.transport.sd, uniforms)
    # Exponential times: the hazard ratio is the ratio of medians, control over treated.
    layers = {layer: control[layer] - treated.get(layer, 0.0) for layer in control}
    return Parameter(
        name=name,
        source="contrast",
        scale="hazard_ratio",
        unit=one.unit,
        meaning=one.meaning,
        draws=np.exp(sum(layers.values(), np.zeros(()))),
        layers=layers,
        provenance=Provenance.of(
            "unmatched_contrast", arms["treated"], arms["control"], name=name, transport_sd=one.transport.sd
        ),
        rows=(*one.treated, *one.control),
        method="ratio of medians of unconnected groups, both taken as exponential",
        transport_sd=one.transport.sd,
        reason=f"{one.bias} {one.transport.reason}",
    )


def _from_reconstructed(
    name: str,
    one: spec.FromReconstructed,
    curves: Curves | None,
    uniforms: Callable[[str], FloatArray],
    time_unit: str,
) -> Parameter:
    if curves is None:
        raise ScenarioError(
            f"parameter {name!r} is reconstructed from curves; no evidence with curves was given."
        )
    found = [
        curves(
            curve,
            one.scale,
            control=control,
            time=one.time,
            time_unit=time_unit,
            sets=one.sets,
            tolerance=one.tolerance,
        )
        for curve, control in zip(one.curves, one.control or (None,) * len(one.curves))
    ]
    effects = [f.number for f in found]
    pooled = _pool(effects, one.tau_scale)
    layers = predictive_layers(pooled, one.transport.sd, uniforms)
    layers = _with_digitising(layers, effects, [f.added_share for f in found], pooled, uniforms)
    return Parameter(
        name=name,
        source="reconstructed",
        scale=one.scale,
        unit=one.unit,
        meaning=one.meaning,
        draws=back_transform(sum(layers.values(), np.zeros(())), one.scale),
        layers=layers,
        provenance=Provenance.of(
            "parameter",
            pooled,
            name=name,
            transport_sd=one.transport.sd,
            note=f"transport: {one.transport.reason}" + (f" bias: {one.bias}" if one.bias else ""),
        ),
        rows=(*one.curves, *one.control),
        method=f"predictive, half-normal({one.tau_scale:g}) on tau; {one.sets} pseudo data sets a curve; "
        + "; ".join(dict.fromkeys(note for e in effects for note in e.notes)),
        heterogeneity=float(pooled.tau_quantile(0.5)),
        transport_sd=one.transport.sd,
        reason=" ".join(t for t in (one.bias, one.transport.reason) if t),
        is_stratified=True,
    )


def _with_digitising(
    layers: dict[str, FloatArray],
    effects: list[PrintedNumber],
    shares: list[float],
    pooled: MapPrior,
    uniforms: Callable[[str], FloatArray],
) -> dict[str, FloatArray]:
    """The sampling layer split into that of the patients and that of reading the figures; their sum stays the same.

    A normal deviation s of variance v is ``(s - b) + b`` with ``b = f s + sqrt(f (1 - f) v) z``: two independent normals of
    variances (1 - f) v and f v. f is the share of the figures in the variance of the weighted mean, at the median of tau.
    """
    variance = np.square([e.std_error for e in effects])
    weight = 1.0 / (variance + float(pooled.tau_quantile(0.5)) ** 2)
    f = float(np.sum(weight**2 * variance * np.array(shares)) / np.sum(weight**2 * variance))
    sampling = layers["sampling"]
    s = sampling - sampling.mean()
    z = ndtri(np.clip(uniforms(DIGITISING), 1e-12, 1 - 1e-12))
    read = f * s + np.sqrt(f * (1.0 - f)) * sampling.std() * z
    out = dict(layers)
    out["sampling"] = sampling - read
    return out | {DIGITISING: read}


def _from_assumption(
    name: str, one: spec.FromAssumption, uniforms: Callable[[str], FloatArray], scenario: str
) -> Parameter:
    law = one.distribution
    u = stratified(uniforms, "assumption")
    values = law_draws(law, u)
    layers = {} if np.ptp(values) == 0 else {"assumptions": ndtri(np.clip(u, 1e-12, 1 - 1e-12))}
    reference = f"assumption:{scenario}/{name}"
    return Parameter(
        name=name,
        source="assumption",
        scale="value",
        unit=one.unit,
        meaning=one.meaning,
        draws=values,
        layers=layers,
        provenance=Provenance.of("assumption", reference, note=one.reason, **law.model_dump()),
        method=f"assumption, {law.law}",
        reason=one.reason,
        is_stratified=True,
    )


def _from_calibration(
    name: str,
    one: spec.FromCalibration,
    calibration: EvidenceCalibration | None,
    joint: Mapping[str, FloatArray],
) -> Parameter:
    inside = one.parameter or name
    if calibration is None or inside not in joint:
        has = f"it has {', '.join(joint)}" if calibration is not None else "none was given (calibration=...)"
        raise ScenarioError(f"parameter {name!r} is taken as {inside!r} from a calibration; {has}.")
    values, prior = joint[inside], calibration.priors[inside]
    varied = inside in calibration.names
    return Parameter(
        name=name,
        source="calibration",
        scale=one.scale,
        unit=one.unit,
        meaning=one.meaning,
        draws=values,
        layers={"calibration": _scores(values)} if varied else {},
        provenance=Provenance.of("calibrated_parameter", calibration, name=inside),
        rows=calibration.informed_by.get(inside, ()),
        method="calibrated, drawn jointly for a new setting" if varied else "fixed in the calibration",
        reason=prior.reason,
        is_stratified=False,
    )


def _scores(values: FloatArray) -> FloatArray:
    """Normal scores of the draws' ranks: the layer is on the normal scale, as those of the other sources are."""
    place = (np.argsort(np.argsort(values, kind="stable"), kind="stable") + 0.5) / values.size
    return np.asarray(ndtri(place))


def _from_joint(
    name: str,
    one: spec.FromJoint,
    joint: Mapping[str, JointLaw],
    drawn: Mapping[str, Mapping[str, FloatArray]],
    scenario: str,
) -> Parameter:
    if one.of not in joint:
        raise ScenarioError(
            f"parameter {name!r} is a component of {one.of!r}; joint holds {', '.join(joint) or 'nothing'}."
        )
    law, component = joint[one.of], one.component or name
    if component not in law.components:
        raise ScenarioError(
            f"parameter {name!r} is component {component!r} of {one.of!r}; it has {', '.join(law.components)}."
        )
    values = drawn[one.of][component]
    return Parameter(
        name=name,
        source="joint",
        scale="value",
        unit=one.unit,
        meaning=one.meaning,
        draws=values,
        layers={"sampling": _scores(values)} if np.ptp(values) > 0 else {},
        provenance=Provenance.of(
            "joint", f"assumption:{scenario}/{one.of}", note=law.reason, component=component
        ),
        method=f"{law.law.replace('_', ' ')}, drawn together with {', '.join(c for c in law.components if c != component)}",
        reason=law.reason,
    )


def _derived(name: str, one: spec.Derived, made: Mapping[str, Parameter]) -> Parameter:
    missing = [p for p in one.of if p not in made]
    if missing:
        raise ScenarioError(
            f"parameter {name!r} is derived from {', '.join(map(repr, missing))}, "
            "which is not defined above it; define it first."
        )
    inputs = [made[p] for p in one.of]
    return Parameter(
        name=name,
        source="derived",
        scale="value",
        unit=one.unit,
        meaning=one.meaning,
        draws=derive(name, one.rule, [p.draws for p in inputs], **one.options()),
        provenance=Provenance.of("derive", *[p.provenance for p in inputs], rule=one.rule, name=name),
        method=f"{one.rule}({', '.join(one.of)})",
    )


def _pool(effects: list[PrintedNumber], tau_scale: float) -> MapPrior:
    """The rows combined; two rows of one study share patients and enter as one."""
    rows = study_rows(
        [e.estimate for e in effects],
        [e.std_error for e in effects],
        labels=[e.label for e in effects],
        clusters=[e.study or e.label for e in effects],
    )
    return map_prior(
        rows.estimate,
        rows.std_error,
        tau_scale=tau_scale,
        labels=rows.labels,
        source=[e.source or e.label for e in effects],
    )


def _routes(effects: list[PrintedNumber]) -> list[str]:
    """How the errors were reached, and on what assumptions: the method's part of the parameter table."""
    return list(dict.fromkeys("; ".join((e.route, *e.assumed)) for e in effects))
