module shadow

go 1.18
