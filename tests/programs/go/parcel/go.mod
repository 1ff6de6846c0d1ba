module parcel

go 1.13
