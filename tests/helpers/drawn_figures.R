# Survival figures by base R and survminer, as tests/helpers/drawn_r.py asks for them.
# Run: Rscript drawn_figures.R jobs.json
suppressPackageStartupMessages({
  library(survival)
  library(jsonlite)
  library(survminer)
})

open_device <- function(job) {
  w <- job$size[1]
  h <- job$size[2]
  if (job$kind == "png") {
    png(job$file, width = w, height = h, units = "in", res = job$dpi, type = "cairo")
  } else if (job$kind == "svg") {
    svglite::svglite(job$file, width = w, height = h)
  } else {
    pdf(job$file, width = w, height = h)
  }
}

base_figure <- function(job, data) {
  fit <- survfit(Surv(time, event) ~ arm, data = data)
  arms <- length(job$labels)
  scale <- if (job$percent) 100 else 1
  par(mar = c(4.5, 4.5, 1.5, if (job$legend == "outside") 8 else 1), xpd = FALSE)
  plot(fit,
    col = job$colours, lty = job$dashes, lwd = job$width, mark.time = job$marks != "none",
    pch = c(tick = 124, plus = 3, dot = 20, none = 3)[[job$marks]], conf.int = job$band == "dashed",
    fun = function(s) s * scale, ylim = c(0, scale), xlim = c(0, job$horizon), axes = FALSE,
    xlab = "Months", ylab = if (job$percent) "Overall survival (%)" else "Overall survival"
  )
  axis(1, at = seq(0, job$horizon, job$every))
  axis(2, at = seq(0, 1, 0.2) * scale, las = 1)
  box(bty = if (job$width > 1.3) "l" else "o")
  if (job$legend %in% c("inside", "inline")) {
    legend("bottomleft", job$labels, col = job$colours, lty = job$dashes, lwd = job$width, bty = "n")
  } else if (job$legend == "outside") {
    par(xpd = NA)
    legend(job$horizon * 1.06, 0.7 * scale, job$labels, col = job$colours, lty = job$dashes, lwd = job$width, bty = "n")
  }
}

survminer_figure <- function(job, data) {
  data$arm <- factor(data$arm, labels = job$labels)
  fit <- survfit(Surv(time, event) ~ arm, data = data)
  shape <- c(tick = 124, plus = 43, dot = 20, none = 43)[[job$marks]]
  drawn <- ggsurvplot(fit,
    data = data, palette = job$colours, linetype = if (any(job$dashes > 1)) job$dashes else 1, size = job$width * 0.6,
    censor = job$marks != "none", censor.shape = shape, censor.size = 3, conf.int = job$band == "filled",
    legend = if (job$legend == "outside") "right" else "top", legend.title = "", legend.labs = job$labels,
    break.time.by = job$every, xlim = c(0, job$horizon), xlab = "Time in months",
    surv.median.line = if (job$median) "hv" else "none", risk.table = job$at_risk
  )
  if (job$at_risk) print(drawn, newpage = FALSE) else print(drawn$plot)
}

for (job in fromJSON(commandArgs(TRUE)[1], simplifyDataFrame = FALSE)) {
  data <- data.frame(time = job$time, event = job$event, arm = job$arm)
  open_device(job)
  if (job$maker == "survminer") survminer_figure(job, data) else base_figure(job, data)
  invisible(dev.off())
}
