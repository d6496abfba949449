# %% [markdown]
# # What other treatment might have meant for the index case
#
# **Question.** A woman of 36 had a primary intradural spinal carcinosarcoma, resected incompletely. She was
# irradiated, began chemotherapy that toxicity ended, progressed along the cord, was re-irradiated, received
# toripalimab and anlotinib, and died 11 months after surgery of respiratory failure with the tumour
# controlled. By how much would survival differ between treatment strategies, given what has been published?
#
# **Answer to be read with its limits.** No strategy here was ever observed in this disease. The comparison says
# what follows from evidence borrowed from other tumours, and how uncertain that is. It is no advice.

# %%
import pandas as pd

import survsim

evidence = survsim.load_evidence()
numbers = survsim.report.load_ledger("03_case_strategies")
simulation = survsim.simulation.SimulationResult.load(
    survsim.report.results_folder("03_case_strategies") / "simulation"
)
decision = simulation.decision(24)
labels = dict(zip(simulation.strategies, simulation.labels))

# %% [markdown]
# ## The index case
#
# The case report dates the surgery and the end, nothing between. Hatched bars are assumed dates; the whiskers
# are the ranges in which they may have lain. The simulation varies the start of radiotherapy and the gaps between
# treatments; progression it draws for each patient.

# %%
survsim.figures.swimmer(
    survsim.report.load_results("course", "03_case_strategies"),
    unit="months",
    end=11,
    end_label="dead of respiratory failure, tumour controlled",
    origin="surgery",
)
# %% [markdown]
# ## Method
#
# Patients start with the tumour controlled after incomplete resection. They progress, die of the tumour after
# progression, or die of another cause from either state. Time to progression follows a Weibull law, the other
# times are exponential; a gamma frailty ties a patient's progression to the speed of tumour death. A strategy
# is a list of treatment lines with rules for when each starts and what stops it; a treatment multiplies the
# hazard of a transition, adds cord dose, and can harm. All strategies are simulated on the same patients with
# the same luck, so that differences between them are not noise.

# %%
survsim.report.prose(
    numbers,
    """
### Parameters

Of the parameters below, {parameters.rows} come from rows of the evidence, {parameters.assumption} are
assumptions with a stated reason, and {parameters.derived} follow from the others. A parameter from rows is the
predictive distribution of a *new* study, widened by a transport variance because no row was observed in the
spinal canal. Treatment effects are mostly observational; the table says in words which way each is probably off.
""",
)

# %%
parameters = survsim.report.load_results("parameters", "03_case_strategies")
survsim.report.table(
    parameters,
    title="Parameters of the simulation",
    labels={
        "meaning": "parameter",
        "unit": "unit",
        "median": "median",
        "low": "2.5%",
        "high": "97.5%",
        "source": "source",
    },
    decimals={"median": 3, "low": 3, "high": 3},
    notes="Medians and central 95% of the draws.",
)

# %%
survsim.report.table(
    parameters[parameters["source"] == "rows"],
    title="What the borrowed parameters rest on",
    labels={
        "parameter": "parameter",
        "rows": "evidence rows",
        "heterogeneity": "tau",
        "transport_sd": "transport SD",
        "reason": "bias, and how far it was carried",
    },
    notes="Each is the predictive distribution of a new study (half-normal prior on the between-study standard "
    "deviation tau, posterior median shown), widened by the transport SD on the scale of pooling.",
)

# %%
survsim.report.table(
    parameters[parameters["source"] == "assumption"],
    title="What is assumed, and why",
    labels={"parameter": "parameter", "reason": "reason"},
)

# %% [markdown]
# ## Result

# %%
simulation.survival().plot(
    strategies=("surgery_alone", "surgery_radiotherapy", "as_treated", "early_immunotherapy"),
    until=36,
    marker=(numbers.numbers["index_case.survival"].value, "index case"),
)
# %%
survsim.report.table(
    decision.to_frame().assign(strategy=[labels[s] for s in decision.strategies]),
    title="Restricted mean survival time to 24 months",
    labels={
        "strategy": "strategy",
        "expected": "months",
        "conf_low": "2.5%",
        "conf_high": "97.5%",
        "mc_std_error": "Monte Carlo SE",
        "probability_best": "P(best)",
        "expected_regret": "regret (months)",
        "mean_rank": "mean rank",
    },
    notes="Interval over parameter draws; the Monte Carlo standard error is apart. P(best) splits ties.",
)

# %%
simulation.compare("surgery_alone").plot(measure="survival_time", time=24)
# %%
survsim.report.prose(
    numbers,
    """
Under the treatment that the index patient received, the simulated patients live {survival_time_24.as_treated:.1f interval}
of the first two years (Monte Carlo standard error {survival_time_24.as_treated:.2f mc}); with surgery alone
{survival_time_24.surgery_alone:.1f interval}. Simulating both on the same patients divides the Monte Carlo variance of
their difference by {pairing_24.as_treated:.0f}. The paired gain is {gain_24.as_treated:.1f interval} months. P(alive after a year)
is {alive_12.as_treated:.0% interval} against {alive_12.surgery_alone:.0% interval}; median survival {median.as_treated:.1f interval}
months. The patient's own {index_case.survival:.0f} months lie well inside what was to be expected.

In expectation the best strategy is **{decision.best}**; it is best in {decision.p_best:.0%} of the draws. What she
received loses {regret.as_treated:.1f} months on average against the best choice in each draw.
""",
)

# %% [markdown]
# ### Dose to the cord, and toxicity
#
# Cumulative dose is counted on the most exposed region with alpha/beta 2 Gy. Two published models of myelopathy
# differ a hundred-fold after the first course and several-fold after both; both are given, neither is believed alone. They are models of one
# course; for a conventional second course no validated model exists.

# %%
harm = ["cord_dose", "toxicity_grade_3", "myelopathy/schultheiss_2008", "myelopathy/lyman_burman_1991"]
survsim.report.table(
    pd.DataFrame({"strategy": simulation.labels} | {m: simulation.measure(m).estimate for m in harm}),
    title="Dose and toxicity by strategy",
    labels={
        "strategy": "strategy",
        "cord_dose": "cord dose (Gy EQD2)",
        "toxicity_grade_3": "grade 3 or more",
        "myelopathy/schultheiss_2008": "myelopathy (Schultheiss)",
        "myelopathy/lyman_burman_1991": "myelopathy (Lyman-Burman)",
    },
    decimals={"cord_dose": 1, "toxicity_grade_3": 2},
    notes="Means over patients and draws, within the horizon; shares of patients.",
)

# %% [markdown]
# ## What the answer hangs on

# %%
survsim.read_result(survsim.report.results_folder("03_case_strategies") / "tornado.json").plot()
# %%
survsim.report.prose(
    numbers,
    """
Knowing every parameter without error would be worth {evpi:.2f} months of life a patient. Of the spread of the gain
between the best strategy and surgery alone, {layer.sampling:.0%} comes from the sampling error of the studies,
{layer.between_studies:.0%} from differences between studies, {layer.transport:.0%} from the transport to another
site, {layer.assumptions:.0%} from assumptions and {layer.Monte_Carlo:.1%} from the number of simulated patients; the
rest is curvature.

How large must an effect be for the decision to turn? The best strategy changes where the hazard ratio of early
maintenance passes {threshold.hr_antiangiogenic:.2f}; what is believed of it is {parameter.hr_antiangiogenic:.2f interval}.
""",
)

# %% [markdown]
# ## Limits
#
# - **No randomised or even comparative evidence exists for this tumour at this site.** Each effect is borrowed.
# - Observational effects favour treatment: the fit are treated, and must live to be treated. The intervals do not
#   contain this bias; the table names its direction.
# - Second progression, response and functional outcome are not modelled; nor is quality of life.
# - Every date but two is assumed.
# - One course of published myelopathy models is used for two courses; recovery between courses is not credited.
#
# ## Methods

# %%
survsim.report.methods_text(numbers)

# %% [markdown]
# ## References

# %%
survsim.report.cited(numbers, evidence)
