# Reads the configuration of all containers below a root into hashes, with the loop of PVE's reader:
# line by line, one regular expression after the other. It only parses; no value is looked at. Written
# from a description of that reader. Argument: a root. Prints what it has read.
use strict;
use warnings;

my ($root) = @ARGV;

sub parse {
    my ($text) = @_;
    my $conf = { snapshots => {} };
    my $current = $conf;
    my $description = '';
    for my $line (split(/\n/, $text)) {
        next if $line =~ m/^\s*$/;
        if ($line =~ m/^\[pve:pending\]\s*$/i) {
            $current->{description} = $description if length $description;
            $description = '';
            $current = $conf->{pending} = {};
        } elsif ($line =~ m/^\[([a-z][a-z0-9_-]+)\]\s*$/i) {
            $current->{description} = $description if length $description;
            $description = '';
            $current = $conf->{snapshots}->{$1} = {};
        } elsif ($line =~ m/^#(.*)$/) {
            $description .= "$1\n";
        } elsif ($line =~ m/^(lxc\.[a-z0-9_\-.]+)(?::|\s*=)\s*(.*?)\s*$/) {
            push @{ $current->{lxc} }, [ $1, $2 ];
        } elsif ($line =~ m/^description:\s*(.*\S)\s*$/) {
            $description = $1;
        } elsif ($line =~ m/snapstate:\s*(prepare|delete)\s*$/) {
            $current->{snapstate} = $1;
        } elsif ($line =~ m/^([a-z][a-z_]*\d*):\s*(\S.*?)\s*$/) {
            $current->{$1} = $2;
        } else {
            warn "not understood: $line\n";
        }
    }
    $current->{description} = $description if length $description;
    return $conf;
}

my ($guests, $snapshots, %all) = (0, 0);
for my $folder (glob("$root/etc/pve/nodes/*/lxc")) {
    opendir(my $dh, $folder) or die "$folder: $!";
    for my $name (readdir $dh) {
        next if $name !~ m/^([1-9]\d*)\.conf$/;
        my $id = $1;
        open(my $fh, '<', "$folder/$name") or die "$name: $!";
        my $text = do { local $/; <$fh> };
        close($fh);
        my $conf = $all{$id} = parse($text);
        $guests++;
        $snapshots += keys %{ $conf->{snapshots} };
    }
}
print "$guests guests, $snapshots snapshots\n";
