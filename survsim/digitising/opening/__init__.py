"""Files opened by what is in them: drawings, pages and pictures of every common kind, or a refusal that says why."""
