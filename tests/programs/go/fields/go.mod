module fields

go 1.15
