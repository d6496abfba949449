# Pareto-smoothed importance weights by R loo (Vehtari et al.).
# Run from the repository root: Rscript tests/reference/r/importance_weights.R
suppressMessages(library(loo))
library(jsonlite)

x <- qnorm(ppoints(800, a = 0.5))
cases <- lapply(c(0.1, 0.3, 0.45, 0.8), function(a) {
  log_ratio <- a * x^2 + 0.3 * sin(5 * x)
  found <- suppressWarnings(psis(log_ratio, r_eff = 1))
  weight <- as.numeric(weights(found, log = FALSE, normalize = TRUE))
  list(a = a, pareto_k = unname(pareto_k_values(found)), weight = tail(sort(weight), 40), effective = 1 / sum(weight^2))
})
out <- list(
  program = "R loo", version = as.character(packageVersion("loo")),
  call = "psis(a x^2 + 0.3 sin(5 x), r_eff = 1), x = qnorm(ppoints(800, 0.5)); forty largest normalised weights",
  cases = cases
)
writeLines(toJSON(out, auto_unbox = TRUE, digits = 15, pretty = TRUE), "tests/reference/importance_weights.json")
