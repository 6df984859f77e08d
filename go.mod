module freddo

go 1.26
