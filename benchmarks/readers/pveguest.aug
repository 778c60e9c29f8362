(* A guest's configuration of Proxmox VE, with its sections. Such a lens does not come with Augeas. *)
module Pveguest =

let newline     = del "\n" "\n"
let eol         = del /[ \t]*\n/ "\n"
let blank       = [ eol ]
let description = [ label "#description" . del "#" "#" . store /[^\n]+/ . newline ]
let no_text     = [ label "#description" . del "#" "#" . newline ]
let value       = store /[^ \t\n]([^\n]*[^ \t\n])?/
let option      = [ key ((/[a-z][a-z_]*[0-9]*/ - "section") | /lxc\.[a-z0-9_.-]+/)
                  . del /:[ \t]*/ ": " . value . eol ]
let line        = blank | description | no_text | option
let section     = [ label "section" . del "[" "[" . store /[A-Za-z][A-Za-z0-9_:-]+/ . del "]" "]" . eol
                  . line* ]

let lns = line* . section*
