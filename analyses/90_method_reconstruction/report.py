# %% [markdown]
# # From a figure to a hazard ratio
#
# **Question.** A paper prints two Kaplan-Meier curves with numbers at risk. How near to its patients does one come from the
# figure alone, and how much of the uncertainty is that of reading it? The trial is invented, so that its patients are known.

# %%
import survsim

numbers = survsim.report.load_ledger("90_method_reconstruction")

# %%
survsim.report.prose(
    numbers,
    """
**Answer.** The patients have a hazard ratio of **{truth.hazard_ratio:.3f ci}**. Read from the drawing it is
**{pooled.drawing.hazard_ratio:.3f ci}**, and {pooled.drawing.added_share:.1%} of its variance comes from the figure. Were the same figure
a printed page, read to one in a hundred, it would be {pooled.page.hazard_ratio:.3f ci}, and {pooled.page.added_share:.1%}. From what an
abstract prints (median, survival at a year, deaths) it is {pooled.abstract.hazard_ratio:.3f ci}: a lower grade, for between
the printed numbers the curve is assumed.

**The reading.** {reading.points:.0f} points and {reading.marks:.0f} censor marks were read; the largest error of a level is
{reading.largest_error:.5f}.
""",
)

# %% [markdown]
# ## The figure turned into patients

# %%
results = survsim.report.results_folder("90_method_reconstruction")
survsim.read_result(results / "control.json").plot()

# %% [markdown]
# ## Methods compared

# %%
survsim.report.table(
    survsim.report.load_results("methods", "90_method_reconstruction"),
    title="Each method against the patients",
    labels={
        "method": "patients from",
        "events": "events",
        "rmse": "error of the curves (RMSE)",
        "hazard_ratio": "hazard ratio",
        "error_of_log_hazard_ratio": "error of its logarithm",
    },
    decimals={"rmse": 4, "hazard_ratio": 3, "error_of_log_hazard_ratio": 4},
    notes="optimised and marked use the censor marks of the figure; guyot and ikm cannot.",
)

# %% [markdown]
# ## What reading the figure adds

# %%
survsim.report.table(
    survsim.report.load_results("pooled", "90_method_reconstruction")[
        ["source", "value", "conf_low", "conf_high", "within", "between", "added_share"]
    ],
    title="Hazard ratios pooled over pseudo data sets (Rubin's rules)",
    labels={
        "source": "read from",
        "value": "hazard ratio",
        "conf_low": "95% low",
        "conf_high": "95% high",
        "within": "variance of one data set",
        "between": "variance between sets",
        "added_share": "share of the reading",
    },
    decimals={"within": 4, "between": 5, "added_share": 3},
    notes="Variances are those of the log hazard ratio. A page is read to 0.01, a drawing to what the reader states.",
)
