// Models, data and metrics for images.
