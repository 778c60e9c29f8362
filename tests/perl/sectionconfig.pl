# What PVE's SectionConfig reader makes of each line of a storage.cfg, and of single values.
# Written for these tests from a description of the reader. Input: one request a line, a word and a
# text in hexadecimal digits; output: one line for each.
use strict;
use warnings;

$| = 1;

sub hex_of { return unpack("H*", $_[0]) }

# The kind of every line, in order, blanks between them. Lines behind the last one that is not empty
# do not exist for the reader.
sub lines_of {
    my ($text) = @_;
    my @kinds;
    my $inside = 0;
    for my $line (split(/\n/, $text)) {
        if ($line =~ /^\s*#/) {
            push @kinds, "comment";
        } elsif (!$line) {
            push @kinds, "separator";
            $inside = 0;
        } elsif ($inside) {
            if ($line =~ /^\s+(\S+)(?:\s+(.*\S))?\s*$/) {
                push @kinds, "property:" . hex_of($1) . ":" . (defined($2) ? hex_of($2) : "-");
            } else {
                push @kinds, "ignored";
            }
        } elsif ($line =~ /^(\S+):\s*(\S+)\s*$/) {
            push @kinds, "section:" . hex_of($1) . ":" . hex_of($2);
            $inside = 1;
        } else {
            push @kinds, "ignored";
        }
    }
    return join(" ", @kinds);
}

my %boolean = (map({ $_ => 1 } qw(1 on yes true)), map({ $_ => 0 } qw(0 off no false)));

# Whether a prune-backups property string is taken.
sub prune_backups {
    my ($text) = @_;
    my %got;
    for my $part (split(/,/, $text)) {
        next if $part =~ /^\s*$/;
        return "refused" if $part !~ /^([^=]+)=(.+)$/;
        my ($key, $value) = ($1, $2);
        return "refused" if exists($got{$key});
        return "refused" if $key !~ /\Akeep-(?:all|last|hourly|daily|weekly|monthly|yearly)\z/;
        if ($key eq "keep-all") {
            return "refused" if !exists($boolean{lc($value)});
            $value = $boolean{lc($value)};
        } else {
            return "refused" if $value !~ /^[+-]?\d+$/ || $value < 0;
        }
        $got{$key} = $value;
    }
    my $all = delete($got{"keep-all"});
    my $limits = grep { $_ > 0 } values(%got);
    return $all && $limits ? "refused" : "taken";
}

# The number that an integer property with a minimum of 0 has.
sub number {
    my ($text) = @_;
    return "refused" if $text !~ /^[+-]?\d+$/ || $text < 0;
    return abs($text + 0);
}

# The items of a list.
sub list {
    my ($text) = @_;
    return join(" ", map { hex_of($_) } split(/\0/, $text)) if $text =~ /\0/;
    $text =~ s/[,;]/ /g;
    $text =~ s/^\s+//;
    return join(" ", map { hex_of($_) } split(/\s+/, $text));
}

my %answer = (lines => \&lines_of, prune => \&prune_backups, number => \&number, list => \&list);
while (my $request = <STDIN>) {
    my ($what, $hex) = $request =~ /^(\w+) ([0-9a-f]*)$/ or die "no request: $request";
    print $answer{$what}->(pack("H*", $hex)), "\n";
}
