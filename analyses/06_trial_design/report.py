# %% [markdown]
# # Could a trial answer the re-irradiation question?
#
# **Question.** Which trial could tell whether re-irradiation of the neuraxis at progression prolongs life, and
# could it ever recruit?

# %%
import survsim

evidence = survsim.load_evidence()
numbers = survsim.report.load_ledger("06_trial_design")
power = survsim.report.load_results("power", "06_trial_design")

# %%
survsim.report.prose(
    numbers,
    """
## Data

Hazards and effect are those of the simulation of the index case: after progression a median of
{median.control:.1f} months without re-irradiation and {median.treated:.1f} with it, a hazard ratio of
{hazard_ratio:.2f} at the centre of what is believed. Both rest on evidence from other tumours, widened for the
transport. Recruitment is an assumption in three sizes.
""",
)

# %% [markdown]
# ## Method
#
# Trials are simulated patient by patient (arrival, arm, death, loss to follow-up, cut-off) and analysed as they
# would be: by the log-rank test once or at three looks with O'Brien-Fleming boundaries, with an allocation that
# follows the responses, with a control arm that borrows from earlier studies, or with a single arm against an
# external control. All designs of one size share their patients' luck.
#
# ## Result

# %%
survsim.figures.power_curves(power)
# %%
survsim.report.prose(
    numbers,
    """
A two-arm trial needs about {patients_for_80:.0f} patients for a power of four in five. A single arm looks cheaper, and is not: with
an external control whose hazard is wrong by half, a treatment that does *nothing* is declared effective or harmful
in {power.single_arm_no_effect_wrong_control.80:.0%} of trials of eighty patients.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("recruitment", "06_trial_design"),
    title="Years to recruit that trial",
    labels={
        "recruitment": "who is asked",
        "per_year": "patients a year",
        "years": "years",
        "reason": "assumption",
    },
    decimals=1,
)

# %%
survsim.report.prose(
    numbers,
    """
Averaged over what is believed of the effect, a trial of forty patients finds a benefit in {assurance.40:.0%} of cases and
one of three hundred and twenty in {assurance.320:.0%}. Its answer matters for the choice between re-irradiation and none after
radiotherapy alone, where a trial of eighty would be worth {evsi_pair.80:.2g} months of life a patient and the largest
{evsi_pair.320:.2g}. Among all strategies simulated for the index case it would be worth {evsi.320:.3f}: the strategies that lead there
all re-irradiate, so this effect does not tell them apart.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("evsi", "06_trial_design"),
    title="Expected value of the trial's answer",
    labels={
        "n": "patients",
        "evsi_pair": "re-irradiation or none (months a patient)",
        "evsi": "all strategies (months a patient)",
    },
    decimals=3,
)

# %% [markdown]
# ## Limits
#
# - Exponential times after progression; a real trial would see early deaths from other causes cluster.
# - The borrowed control is assumed to be right on average; the cost of a wrong one is shown for the single arm only.
# - Randomising against no re-irradiation may not be acceptable to patients; then no design here applies.
#
# ## Methods

# %%
survsim.report.methods_text(numbers)

# %% [markdown]
# ## References

# %%
survsim.report.cited(numbers, evidence)
