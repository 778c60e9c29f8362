# Reads /etc/network/interfaces line by line, as PVE's reader does: into a hash of interfaces, with the
# options that it knows by name, all others as text, and a type for each. Written from a description of
# that reader. Argument: a file. Answers as serve.py says.
use strict;
use warnings;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($path) = @ARGV;
$| = 1;

# Options with a place of their own; with _ for - they mean the same.
my %known = map { $_ => 1 } qw(address netmask gateway mtu hwaddress bridge-ports bridge-stp bridge-fd
    bridge-vlan-aware bridge-vids bond-slaves bond-mode bond-miimon bond-primary
    bond-xmit-hash-policy ovs_type ovs_options ovs_bridge ovs_bonds ovs_ports vlan-raw-device vlan-id);
my $stanza = qr/^\s*(?:auto|allow-\S+|iface|mapping|source|source-directory)(?:\s|$)/;

sub get {
    my ($file) = @_;
    open(my $fh, '<', $file) or die "$file: $!";
    my (%ifaces, %auto, @others, $count);
    my $number = 0;
    my $line = <$fh>;
    while (defined $line) {
        chomp $line;
        if ($line =~ m/^\s*(?:#.*)?$/) {
            $line = <$fh>;
        } elsif ($line =~ m/^\s*auto\s+(.*)$/) {
            $auto{$_} = 1 for split(/\s+/, $1);
            $line = <$fh>;
        } elsif ($line =~ m/^\s*iface\s+(\S+)\s+(inet6?)\s+(\S+)\s*$/) {
            my ($name, $family, $method) = ($1, $2, $3);
            my $iface = $ifaces{$name} //= { priority => ++$number };
            push @{ $iface->{families} }, $family;
            my $suffix = $family eq 'inet6' ? '6' : '';
            $iface->{"method$suffix"} = $method;
            while (defined($line = <$fh>)) {
                chomp $line;
                last if $line =~ $stanza;
                if ($line =~ m/^\s*#(.*?)\s*$/) {
                    $iface->{"comments$suffix"} .= "$1\n";
                } elsif ($line =~ m/^\s*((\S+)\s+(.+?))\s*$/) {
                    my ($text, $key, $value) = ($1, $2, $3);
                    $count++;
                    (my $id = $key) =~ tr/_/-/;
                    $id = $key if $known{$key};
                    if (!$known{$id}) {
                        push @{ $iface->{"options$suffix"} }, $text;
                    } elsif ($id eq 'address' && $value =~ m!^(.*)/([0-9]+)$!) {
                        @{$iface}{"address$suffix", "netmask$suffix", "cidr$suffix"} = ($1, $2, $value);
                    } elsif ($id eq 'bridge-ports' || $id eq 'bond-slaves') {
                        $iface->{$id} = join(' ', sort grep { $_ ne 'none' } split(/\s+/, $value));
                    } elsif ($id =~ m/^(?:address|netmask|gateway)$/) {
                        $iface->{"$id$suffix"} = $value;
                    } else {
                        $iface->{$id} = $value;
                    }
                }
            }
        } else {
            push @others, $line;
            $line = <$fh>;
        }
    }
    close($fh);
    for my $name (keys %ifaces) {
        my $iface = $ifaces{$name};
        $iface->{autostart} = 1 if $auto{$name};
        $iface->{type} =
            defined $iface->{'bridge-ports'} ? 'bridge'
          : defined $iface->{'bond-slaves'} ? 'bond'
          : $name =~ m/^(?:eth\d+|en[^:.]+)$/ ? 'eth'
          : $name =~ m/\.\d+$/ ? 'vlan'
          : $name eq 'lo' ? 'loopback'
          : 'unknown';
    }
    return { ifaces => \%ifaces, others => \@others, count => $count };
}

my $read = get($path);
printf qq({"program": "perl %vd", "interfaces": %d, "options": %d}\n), $^V,
    scalar(keys %{ $read->{ifaces} }), $read->{count};
undef $read;
while (defined(my $asked = <STDIN>)) {
    my $start = clock_gettime(CLOCK_MONOTONIC);
    my $result = get($path);
    printf qq({"value": %.9f}\n), clock_gettime(CLOCK_MONOTONIC) - $start;
}
