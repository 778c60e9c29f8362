# How PVE's readers of guest configurations tell lines apart, written from a description of them.
# Standard input: one configuration. Arguments: lxc or qemu, and the release. Output: a line for each
# line, its class and what was read, in hex.
use strict;
use warnings;

my ($kind, $release) = @ARGV;
my $is_new = $kind eq 'qemu' && $release >= 9;
binmode STDIN;
my $text = do { local $/; <STDIN> } // '';

my $header = qr/[a-z][a-z0-9_-]+/i;
my @classes = (
    [ blank => qr/\s*/ ],
    [ header => $kind eq 'lxc' ? qr/\[(pve:pending|$header)\]\s*/i
        : $is_new ? qr/\[(special:(?:cloudinit|fleecing)|$header)\]\s*/i : qr/\[($header)\]\s*/i ],
    ($is_new ? [ unknown => qr/\[[^\]]*\]\s*/ ] : ()),
    [ description => qr/#(.*)/ ],
    ($kind eq 'lxc' ? [ raw => qr/(lxc\.[a-z0-9_.-]+)(?::|\s*=)\s*((?:\S(?:.*\S)?)?)\s*/ ] : ()),
    [ property => qr/(description):\s*(\S(?:.*\S)?)\s*/ ],
    [ state => qr/.*?snapstate:\s*(prepare|delete)\s*/ ],
    [ property => $is_new ? qr/([a-z][a-z_-]*[0-9]*):\s*(\S(?:.*\S)?)\s*/
        : qr/([a-z][a-z_]*[0-9]*):\s*(\S(?:.*\S)?)\s*/ ],
);

my @lines = split /\n/, $text, -1;
pop @lines if @lines && $lines[-1] eq '';
my $is_skipped = 0;
LINE: for my $line (@lines) {
    for my $class (@classes) {
        my ($name, $pattern) = @$class;
        next if $line !~ /\A$pattern\z/;
        my @read = grep { defined } $name eq 'blank' || $name eq 'unknown' ? () : ($1, $2);
        $is_skipped = $name eq 'unknown' if $name =~ /\A(?:header|unknown)\z/;
        last if $is_skipped && $name !~ /\A(?:blank|unknown)\z/;
        print join(' ', $name, map { unpack('H*', $_) . '.' } @read), "\n";
        next LINE;
    }
    print $is_skipped ? "skipped\n" : "tossed\n";
}
