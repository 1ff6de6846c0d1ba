module wholehttp

go 1.18

require whole v0.0.0

replace whole => ../whole
