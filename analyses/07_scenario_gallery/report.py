# %% [markdown]
# # Scenario gallery: does the simulation give back what was published?
#
# **Question.** Calibrated to some trial arms of uterine carcinosarcoma, does a small illness-death model predict
# the arms it has not seen? And how is a strategy written down?

# %%
import survsim

evidence = survsim.load_evidence()
numbers = survsim.report.load_ledger("07_scenario_gallery")

# %% [markdown]
# ## A strategy as data, and in words
#
# A strategy is a YAML file: lines of treatment with rules for when each starts and what stops it. This is the
# treatment that the index patient received, as the program reads it.

# %%
print(numbers.numbers["explained.as_treated"].value)
# %% [markdown]
# ## Method
#
# Patients are stable, progress, die. Medians have wide priors; draws are weighted by how well they give back the
# *used* targets (approximate Bayes by importance). The *held-out* targets are judged by the 95% predictive
# interval, which holds what is still unknown of the parameters, the arm-to-arm spread and the sampling error of
# the published median. Which target is which was written down before the first run.
#
# ## First line: ifosfamide, alone or with a second drug

# %%
first = survsim.report.load_results("first_line", "07_scenario_gallery")
survsim.read_result(
    survsim.scenario.TargetCheck, survsim.report.results_folder("07_scenario_gallery") / "first_line.json"
).plot(labels=dict(zip(first["row"], first["study"] + ", " + first["endpoint"])))
# %%
survsim.report.prose(
    numbers,
    """
{first_line.held_out_inside} of {first_line.held_out} held-out medians lie inside their predictive interval, all medians of
{first_line.held_out_arms_inside} of {first_line.held_out_arms} arms. {first_line.effective_draws:.0f} of
{first_line.draws:.0f} draws carry the calibration.

## Second line: single agents
""",
)

# %%
second = survsim.report.load_results("second_line", "07_scenario_gallery")
survsim.read_result(
    survsim.scenario.TargetCheck, survsim.report.results_folder("07_scenario_gallery") / "second_line.json"
).plot(labels=dict(zip(second["row"], second["study"] + ", " + second["endpoint"])))
# %%
survsim.report.prose(
    numbers,
    """
{second_line.held_out_inside} of {second_line.held_out} held-out medians lie inside, all medians of
{second_line.held_out_arms_inside} of {second_line.held_out_arms} arms. The cohort of two institutions mixes drugs and
patients with long treatment-free intervals; it was put among the targets as an arm that the model should *not* predict.
""",
)

# %% [markdown]
# ## Published decision models, rebuilt from their inputs
#
# Each stands under `tests/reference/models` as one YAML file, without a line of Python: states, probabilities, values,
# strategies, with the sources of its inputs and of the results that were printed. Cohorts are exact; patients have a Monte
# Carlo error.

# %%
survsim.report.table(
    survsim.report.load_results("published", "07_scenario_gallery"),
    title="Printed and simulated means of published decision models",
    labels={
        "model": "model",
        "source": "source",
        "strategy": "strategy",
        "measure": "measure",
        "printed": "printed",
        "simulated": "simulated",
        "mc_std_error": "Monte Carlo error",
        "agrees": "agrees",
    },
)
# %%
survsim.report.prose(
    numbers,
    """
{published.agree} of {published.means} printed means of {published.models} models are given back, to half a unit of the last digit
printed and, where patients are drawn, four Monte Carlo errors.
""",
)

# %% [markdown]
# ## What is used and what is held out
#
# The medians stand in `scenario.yml`, written before the first run; `protocol.yml` counts them.

# %%
survsim.report.table(
    survsim.report.load_results("protocol", "07_scenario_gallery"),
    title="Numbers by question",
    labels={
        "question": "question",
        "counted": "counted",
        "of": "of",
        "kept": "used",
        "left_out": "left out, step by step",
    },
)

# %% [markdown]
# ## Limits
#
# - Medians only: no published curve of these arms is in the evidence, so shapes are not tested.
# - The errors of medians without an interval are approximate (half of the patients taken as events).
# - The arm-to-arm spread is an assumption; with none, fewer arms would be covered.
#
# ## Methods

# %%
survsim.report.methods_text(numbers)

# %% [markdown]
# ## References

# %%
survsim.report.cited(numbers, evidence)
