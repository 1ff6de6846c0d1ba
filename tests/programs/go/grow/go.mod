module grow

go 1.18
