/**
 * `ipvstat completions`: what shells need to complete a command line, made from the table.
 *
 * @module
 */
import {
  type Argument,
  type Command,
  COMMANDS,
  type Option,
  OPTIONS,
  optionsOf,
  type Shell,
} from "./options.ts";

/** The completions of a shell, as a script that it reads. */
export function completions(shell: Shell): string {
  const script = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell]();
  return `${
    shell === "zsh" ? "#compdef ipvstat\n" : ""
  }# Made by: ipvstat completions ${shell}\n${script}`;
}

/** What an option is written as, its letter first. */
function spellings({ name, short }: Option): string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
}

/** Options whose next word is theirs. */
function spellingsWithArgument(): string[] {
  const options = OPTIONS.filter(({ argument }) => argument !== undefined);
  return [...new Set(options.flatMap(spellings))];
}

/** As one word of any of the three shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function indent(lines: readonly string[], by: number): string {
  return lines.map((line) => `${" ".repeat(by)}${line}`).join("\n");
}

// bash: the words before the cursor tell the command, the option that waits for its argument, and
// how many operands there are. An equals sign is a word of its own.

function bashScript(): string {
  return `_ipvstat() {
  local current=\${COMP_WORDS[COMP_CWORD]} command= option= operands=0 words= word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $option ]]; then
      [[ $word == '=' ]] || option=
      continue
    fi
    case $word in
      ${spellingsWithArgument().join(" | ")}) option=$word ;;
      -?*) ;;
      *) if [[ $command ]]; then ((++operands)); else command=$word; fi ;;
    esac
  done
  [[ $current == '=' ]] && current=
  if [[ ! $option && $current == -* ]]; then
    case $command in
${indent(COMMANDS.map(bashOptions), 6)}
    esac
  else
    case $command:\${option:-$operands} in
      :0) words=${quote(COMMANDS.map(({ name }) => name).join(" "))} ;;
${indent(COMMANDS.flatMap(bashArguments), 6)}
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _ipvstat ipvstat
`;
}

/** The default command is meant where none is named. */
function bashNames({ name }: Command): string[] {
  return name === COMMANDS[0]!.name ? ["", name] : [name];
}

function bashOptions(command: Command): string {
  const names = bashNames(command).map((name) => name === "" ? "''" : name);
  const words = optionsOf(command.name).flatMap(spellings).join(" ");
  return `${names.join(" | ")}) words=${quote(words)} ;;`;
}

function bashArguments(command: Command): string[] {
  const names = bashNames(command);
  const ofOptions = optionsOf(command.name).flatMap((option) => {
    if (option.argument === undefined) return [];
    const patterns = names.flatMap((name) => spellings(option).map((word) => `${name}:${word}`));
    return bashCase(patterns, option.argument);
  });
  const ofOperands = command.operands.flatMap((operand, index) =>
    bashCase([`${command.name}:${index}`], operand)
  );
  return [...ofOptions, ...ofOperands];
}

function bashCase(patterns: readonly string[], { values }: Argument): string[] {
  const pattern = patterns.join(" | ");
  if (values === "file") return [`${pattern}) compopt -o default ;;`];
  return typeof values === "string" ? [] : [`${pattern}) words=${quote(values.join(" "))} ;;`];
}

// zsh: _arguments knows options and operands; what stands behind the command is the command's.

function zshScript(): string {
  return `_ipvstat() {
  local curcontext=$curcontext state line ret=1
  local -A opt_args
  local -a commands
  commands=(
${indent(COMMANDS.map(({ name, help }) => quote(`${name}:${help}`)), 4)}
  )
  _arguments -C -A '-*' \\
${indent(zshOptions(COMMANDS[0]!), 4)}
    '1: :->command' '*:: :->operands' && ret=0
  case $state in
    command) _describe -t commands command commands && ret=0 ;;
    operands)
      case $words[1] in
${indent(COMMANDS.flatMap(zshCase), 8)}
      esac
      ;;
  esac
  return ret
}
if [[ $funcstack[1] == _ipvstat ]]; then _ipvstat "$@"; else compdef _ipvstat ipvstat; fi
`;
}

function zshCase(command: Command): string[] {
  const operands = command.operands.map((operand, index) =>
    `${quote(`${index + 1}${zshArgument(operand)}`)} \\`
  );
  const specifications = [...zshOptions(command), ...operands].map((line) => `    ${line}`);
  return [`${command.name})`, "  _arguments \\", ...specifications, "    && ret=0", "  ;;"];
}

function zshOptions(command: Command): string[] {
  return optionsOf(command.name).flatMap((option) => {
    const words = spellings(option);
    const text = `[${option.help.replace(/[[\]\\]/g, "\\$&")}]`;
    return words.map((word) => {
      // The argument is the next word, or stands behind the letter or the equals sign.
      const sign = option.argument === undefined ? "" : word.startsWith("--") ? "=" : "+";
      const value = option.argument === undefined ? "" : zshArgument(option.argument);
      return `${quote(`(${words.join(" ")})${word}${sign}${text}${value}`)} \\`;
    });
  });
}

function zshArgument({ name, values }: Argument): string {
  if (values === "file") return `:${name}:_files`;
  return typeof values === "string" ? `:${name}: ` : `:${name}:(${values.join(" ")})`;
}

// fish: a condition stands before every line. The words before the cursor are looked through for the
// command and its operands.

function fishScript(): string {
  return `function __ipvstat_plain -d 'The words that are neither options nor of options'
    set -l words (commandline -opc)
    set -e words[1]
    set -l skip
    for word in $words
        if set -q skip[1]
            set -e skip[1]
            continue
        end
        switch $word
            case ${spellingsWithArgument().join(" ")}
                set skip 1
            case '-*'
            case '*'
                echo $word
        end
    end
end
function __ipvstat_at -d 'Whether the plain words are the command, if any, and so many operands'
    set -l plain (__ipvstat_plain)
    test (count $plain) -eq $argv[2]; and test "$plain[1]" = "$argv[1]"
end
function __ipvstat_is -d 'Whether the command, if any, is one of these'
    set -l plain (__ipvstat_plain)
    contains -- "$plain[1]" $argv
end
complete -c ipvstat -f
${COMMANDS.map(fishCommand).join("\n")}
${COMMANDS.flatMap(fishOperands).join("\n")}
${OPTIONS.map(fishOption).join("\n")}
`;
}

function fishCommand({ name, help }: Command): string {
  return `complete -c ipvstat -n "__ipvstat_at '' 0" -a ${name} -d ${quote(help)}`;
}

function fishOperands({ name, operands }: Command): string[] {
  return operands.map((operand, index) =>
    `complete -c ipvstat -n '__ipvstat_at ${name} ${index + 1}' ${fishValues(operand)}`
  );
}

function fishOption({ name, short, argument, commands, help }: Option): string {
  const names = commands.includes(COMMANDS[0]!.name) ? ['""', ...commands] : commands;
  const condition = commands.length < COMMANDS.length
    ? `-n '__ipvstat_is ${names.join(" ")}' `
    : "";
  const letter = short === undefined ? "" : `-s ${short} `;
  const value = argument === undefined ? "" : `-r ${fishValues(argument)} `;
  return `complete -c ipvstat ${condition}${letter}-l ${name} ${value}-d ${quote(help)}`;
}

function fishValues({ values }: Argument): string {
  if (values === "file") return "-F";
  return typeof values === "string" ? "-f" : `-f -a ${quote(values.join(" "))}`;
}
