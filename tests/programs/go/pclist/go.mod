module pclist

go 1.15
