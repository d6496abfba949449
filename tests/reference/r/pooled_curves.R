# Summary survival curve of the 27 studies shipped with metaSurvival 0.1.0 (not in Debian; the script leaves the
# pinned file as it is where the package is missing). With correction c(0.25, 0.5) its formulas are the paper's.
suppressMessages({library(jsonlite)})
if (!requireNamespace("metaSurvival", quietly = TRUE)) {
  message("metaSurvival is not installed: pooled_curves.json is left as it is")
  quit(status = 0)
}
suppressMessages({library(survival); library(mvtnorm)})
data("exampleData", package = "metaSurvival")
d <- exampleData
set.seed(1)
r <- suppressWarnings(metaSurvival::msurv(d$Study, d$Time, d$NbRisk, d$Survival, confidence = "Greenwood",
                         correctionFlag = TRUE, correctionVal = c(0.25, 0.5)))
out <- list(program = paste("R", getRversion(), "metaSurvival 0.1.0"),
            call = "msurv(Study, Time, NbRisk, Survival, confidence='Greenwood', correctionFlag=TRUE, correctionVal=c(0.25, 0.5)); exampleData (MIT), after Cabibbo et al. 2010",
            study = d$Study, time = d$Time, survival = d$Survival, n_risk = d$NbRisk,
            fixed = as.data.frame(r$summary.fixed), random = as.data.frame(r$summary.random),
            heterogeneity = r$heterogeneity, median_fixed = unname(r$median.fixed),
            median_random = unname(r$median.random), mean_fixed = unname(r$mean.fixed),
            mean_random = unname(r$mean.random))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, dataframe = "columns"), "tests/reference/pooled_curves.json")
