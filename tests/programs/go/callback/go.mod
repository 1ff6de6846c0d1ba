module callback

go 1.15
