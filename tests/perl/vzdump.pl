# What PVE makes of vzdump.conf and vzdump.cron, line by line, and of a job's options. Written for
# these tests from a description of the readers; words and options are cut by the modules that PVE
# uses, Text::ParseWords and Getopt::Long. Requests and answers as in sectionconfig.pl.
use strict;
use warnings;
use Getopt::Long ();
use Text::ParseWords ();

$| = 1;
$SIG{__WARN__} = sub { };

sub hex_of { return unpack("H*", $_[0]) }

sub conf {
    my ($text) = @_;
    my @kinds;
    for my $line (split(/\n/, $text)) {
        $line =~ s/^\s+//;
        $line =~ s/\s+$//;
        if ($line eq "") {
            push @kinds, "blank";
        } elsif ($line =~ /^#/) {
            push @kinds, "comment";
        } elsif ($line =~ /^(\S+?):\s*(.*)$/) {
            push @kinds, "setting:" . hex_of($1) . ":" . hex_of($2);
        } else {
            push @kinds, "ignored";
        }
    }
    return join(" ", @kinds);
}

my $day = qr/mon|tue|wed|thu|fri|sat|sun/i;

sub days_are_readable {
    my ($text) = @_;
    return 1 if $text eq "*";
    $text =~ s/[,;]/ /g;
    $text =~ s/^\s+//;
    for my $item (split(/\s+/, $text)) {
        return 0 if $item !~ /^(?:$day-$day|$day|[0-7])$/;
    }
    return 1;
}

sub cron {
    my ($text) = @_;
    my @kinds;
    for my $line (split(/\n/, $text)) {
        if ($line =~ /^\s*$/) {
            push @kinds, "blank";
        } elsif ($line =~ /^#/) {
            push @kinds, "comment";
        } elsif ($line =~ /^PATH\s*=/) {
            push @kinds, "environment";
        } elsif ($line =~ m{^\d+\s+\d+\s+\*\s+\*\s+(\S+)\s+root\s+(?:/\S+/)?(#)?vzdump(?:\s+(.*))?$}
            && days_are_readable($1)) {
            my $off = defined($2) ? "off" : "on";
            my $args = defined($3) ? $3 : "";
            my @words = Text::ParseWords::shellwords($args);
            push @kinds, !@words && $args =~ /\S/ ? "unclosed" : "job:$off:" . hex_of($args);
        } elsif ($line =~ /^\S+(?:\s+\S+){5}\s+\S/) {
            push @kinds, "opaque";
        } else {
            push @kinds, "tossed";
        }
    }
    return join(" ", @kinds);
}

sub words {
    return join(" ", map { "w" . hex_of($_) } Text::ParseWords::shellwords($_[0]));
}

my @values = qw(node compress pigz zstd mode exclude exclude-path mailto mailnotification tmpdir
    dumpdir script storage size bwlimit ionice lockwait stopwait maxfiles prune-backups pool);
my @flags = qw(all stdexcludes quiet stop remove);

# The values that each retention option gets, in order.
sub options {
    my ($text) = @_;
    my @words = Text::ParseWords::shellwords($text);
    my @found;
    my $keep = sub { push @found, "$_[0]:" . hex_of($_[1]) };
    my $drop = sub { };
    my @spec = map { ("$_=s" => /^(?:maxfiles|prune-backups)$/ ? $keep : $drop) } @values;
    push @spec, map { ("$_:s" => $drop) } @flags;
    Getopt::Long::Configure("default", "prefix_pattern=(--|-)");
    Getopt::Long::GetOptionsFromArray(\@words, @spec);
    return join(" ", @found);
}

my %answer = (conf => \&conf, cron => \&cron, words => \&words, options => \&options);
while (my $request = <STDIN>) {
    my ($what, $hex) = $request =~ /^(\w+) ([0-9a-f]*)$/ or die "no request: $request";
    print $answer{$what}->(pack("H*", $hex)), "\n";
}
