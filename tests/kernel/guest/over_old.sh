# To be sourced: lets a command write over a file, and tells what the file is afterwards, and what else is there.
over_old_folder=/run/folder

over_old() { # NAME COMMAND...
  local name=$1 file=$over_old_folder/file; shift
  mkdir -p $over_old_folder
  echo old > $file
  chmod 640 $file
  chown 65534:65534 $file
  observe "$name" "$@" $file
  cat $file > "$LAB_OUT/$name.file"
  { ls -A $over_old_folder; stat -c '%a %u %g' $file; } > "$LAB_OUT/$name.state"
}

over_old_with() { # PREFIX WRAPPER...
  local prefix=$1; shift
  over_old "$prefix-show" "$@" ipvstat -o json --output-file
  over_old "$prefix-record" "$@" ipvstat record
}
