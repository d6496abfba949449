"""The rows of the table, in its order; each module holds one as ``ROW``."""

ORDER = (
    "cox_wide", "weibull_large", "weibull_small", "logrank_days", "km_days", "km_ten_million", "cox_small",
    "cox_large", "cox_million", "cox_strata", "meta_thousand", "bootstrap_curves", "draws_first", "draws", "strategies",
    "evidence", "generalised_gamma", "installation", "reports",
)  # fmt: skip
