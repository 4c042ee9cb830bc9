# Runs commands that overwrite a file, and saves the file and its directory's state afterwards.
overwrite_folder=/run/folder

overwrite() { # NAME COMMAND...
  local name=$1 file=$overwrite_folder/file; shift
  mkdir -p $overwrite_folder
  rm -f $file
  echo old > $file || return
  chmod 640 $file
  chown 65534:65534 $file
  observe "$name" "$@" $file
  cat $file > "$LAB_OUT/$name.file"
  { ls -A $overwrite_folder; stat -c '%a %u %g' $file; } > "$LAB_OUT/$name.state"
}

overwrite_with() { # PREFIX WRAPPER...
  local prefix=$1; shift
  overwrite "$prefix-show" "$@" ipvstat -o json --output-file
  overwrite "$prefix-record" "$@" ipvstat record
}
