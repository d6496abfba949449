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
**Answer.** {patients_for_80:.0f} patients would be needed for a power of four in five at the centre of what is
believed. From published cases alone that takes {years.published_cases:.0f} years, from a world registry
{years.world_registry:.0f}, and {years.any_sarcoma_spread_along_the_cord:.0f} only if every sarcoma that has spread along
the cord is asked. What is believed is wide: averaged over it, a trial of forty finds a benefit in {assurance.40:.0%}
of cases and one of three hundred and twenty in {assurance.320:.0%}. **That is the easiest case**, an effect on everybody from
the first day. Where irradiation begins weeks later, is not always completed, and slow tumours live longer in both arms, the same beliefs
imply a ratio of {hazard_ratio.implied:.2f interval} over the first half year (the report on this patient), and a trial needs {deaths_times:.1f} times the
deaths: the sizes below are lower ends.

## One scale

A trial of survival counts deaths of any cause, so everything here is on the **all-cause hazard ratio**:
{hazard_ratio:.2f interval}, above one in {hazard_ratio.harmful:.0%} of the draws. In the simulation of the index case
re-irradiation acts on death of the tumour alone, with a ratio of {hazard_ratio.tumour_death:.2f interval}; deaths of
other causes come in both arms and pull the ratio towards one. Power is at its centre (median survival after
progression {median.control:.1f} months without and {median.treated:.1f} with re-irradiation), assurance and the
value of the answer run over its draws. The evidence behind it is from other tumours, widened for the transport.
Recruitment is an assumption in three sizes.
""",
)

# %% [markdown]
# ## Method
#
# Trials are simulated patient by patient (arrival, arm, death, loss to follow-up, cut-off) and analysed as they
# would be: by the log-rank test once or at three looks with O'Brien-Fleming boundaries, with an allocation that
# follows the responses, with a control arm that borrows from earlier studies, or with a single arm against an
# external control. All designs of one size share their patients' luck. Looks are planned by deaths: after a third,
# two thirds and all of those on which the design without looks ends on average.
#
# ## Result

# %%
survsim.figures.power_curves(power)
# %%
survsim.report.prose(
    numbers,
    """
With a hundred and sixty patients the design without looks ends on {events.fixed.160:.0f} deaths and the one with three looks is planned to
end on {events.last_look.160:.0f}: its power is {power.three_looks.160:.1%} against
{power.two_arms_log_rank.160:.1%}, so looking early costs little. A single arm looks cheaper than two, and is not: with an
external control whose hazard is wrong by half, a treatment that does *nothing* is declared effective or harmful in
{power.single_arm_no_effect_wrong_control.80:.0%} of trials of eighty patients.
""",
)

# %%
survsim.report.table(
    power[power["n"] == 160][["design", "power", "n_event", "last_look", "duration"]],
    title="Designs of 160 patients",
    labels={
        "design": "design",
        "power": "power",
        "n_event": "deaths at the analysis (mean)",
        "last_look": "deaths planned at the last look",
        "duration": "months to the analysis (mean)",
    },
    decimals=2,
    notes="Recruited over two years and followed for one. A trial that stops at a look ends on fewer deaths.",
)

# %%
survsim.report.table(
    survsim.report.load_results("recruitment", "06_trial_design"),
    title="Years to recruit the trial with 80% power",
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
The answer of a trial matters for the choice between re-irradiation and none after radiotherapy alone, where a trial
of eighty would be worth {evsi_pair.80:.2g} months of life a patient and the largest {evsi_pair.320:.2g}. Among all
strategies simulated for the index case it would be worth {evsi.320:.3f}.
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
# ## What the hazards and effects rest on
#
# Nothing is selected here: rows are those that the files of `03_case_strategies` name, counted by `protocol.yml`.

# %%
survsim.report.table(
    survsim.report.load_results("protocol", "06_trial_design"),
    title="Numbers and cases by question",
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
# - Exponential times after progression, for a patient whose hidden aggressiveness is average: the all-cause ratio is
#   constant. The simulation lets the effect end and patients differ; both make the ratio over the whole follow-up
#   weaker, and every trial here is then too small.
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
