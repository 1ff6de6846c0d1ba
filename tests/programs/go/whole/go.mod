module whole

go 1.18
