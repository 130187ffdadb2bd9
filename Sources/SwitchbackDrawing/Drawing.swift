// Pictures and plots, drawn with Cairo.
