module worker

go 1.15
