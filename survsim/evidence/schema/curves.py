"""Tables of published survival curves: readings of a figure, its numbers at risk, its censor marks."""

from __future__ import annotations

from survsim.evidence.schema.table import (
    ROUTES,
    TIME_UNITS,
    ForeignKey,
    Table,
    integer,
    number,
    text,
)

SHOWN_AS = ("survival", "incidence")
"""What the figure drew; a cumulative incidence is stored as its complement."""
_ARM = ForeignKey(columns=("study_id", "arm_id"), table="arms", references=("study_id", "arm_id"))

CURVES = Table(
    name="curves",
    title="Survival curves",
    description="Coordinates of published survival curves.",
    key=("curve_id", "time"),
    foreign_keys=(
        _ARM,
        ForeignKey(columns=("endpoint",), table="endpoints", references=("endpoint",)),
    ),
    columns=(
        text("curve_id", "Name of the curve.", required=True),
        text("study_id", "Study.", required=True),
        text("arm_id", "Group.", required=True),
        text("endpoint", "Endpoint.", required=True),
        number("time", "Time.", required=True),
        text("time_unit", "Unit of time.", required=True, allowed=TIME_UNITS),
        number("survival", "Probability just after that time.", required=True),
        text("shown_as", "What the figure drew; an incidence is stored as 1 - incidence.", allowed=SHOWN_AS),
        text("place", "Figure of the source, with its panel.", required=True),
        text("page", "Page of the source."),
        text("route", "How it came here.", required=True, allowed=ROUTES),
        number("tolerance", "Largest error that the reading of a level may have, as a proportion."),
        text("read_by", "Reading that digitised it, a name of the table readings."),
        text("checked_by", "Reading that laid it over the figure and compared; empty when none did."),
        text("overlay_sha256", "Checksum of the picture in which the reading lies over the figure."),
    ),
)

_OF_A_CURVE = (
    text("curve_id", "Curve they belong to.", required=True),
    text("study_id", "Study.", required=True),
    text("arm_id", "Group.", required=True),
    number("time", "Time.", required=True),
    text("time_unit", "Unit of time.", required=True, allowed=TIME_UNITS),
)
"""Columns of what stands below a curve or on it."""

AT_RISK = Table(
    name="at_risk",
    title="Numbers at risk",
    description="Numbers at risk printed below survival curves.",
    key=("curve_id", "time"),
    foreign_keys=(_ARM,),
    columns=(
        *_OF_A_CURVE,
        integer("n_risk", "Patients at risk.", required=True, unit="patients"),
        text("place", "Figure of the source, with its panel.", required=True),
        text("page", "Page of the source."),
        text("read_by", "Reading that took them from the figure, a name of the table readings."),
        text("checked_by", "Reading that compared them with the figure; empty when none did."),
    ),
)

CENSOR_MARKS = Table(
    name="censor_marks",
    title="Censor marks",
    description="Times at which published survival curves carry a mark of censoring; one mark may hide several patients.",
    key=("curve_id", "time"),
    foreign_keys=(_ARM,),
    columns=(*_OF_A_CURVE,),
)

TABLES = (CURVES, AT_RISK, CENSOR_MARKS)
