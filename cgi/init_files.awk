# Makes cgi/init_files.c of the files of deploy/ that `init` writes: a table of
# their names below deploy/ and their texts.
BEGIN {
	print "/* Made from deploy/ by init_files.awk. */"
	print "#include \"cgi/init_int.h\"\n"
	print "const struct init_file init_files[] = {"
}
FNR == 1 {
	name = FILENAME
	sub(/.*deploy\//, "", name)
	printf "%s    {\"%s\",", NR == 1 ? "" : "},\n", name
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\"")
	printf "\n\t\"%s\\n\"", $0
}
END {
	print "},\n};"
	print "const size_t init_n_files ="
	print "    sizeof(init_files) / sizeof(init_files[0]);"
}
