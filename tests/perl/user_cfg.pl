# What PVE's reader of user.cfg takes from it, written from a description of it.
# Standard input: one user.cfg. Output: first a line for each line that is not blank, its fields;
# then what is in effect: users, tokens, privileges of roles, members of groups, guests of pools,
# permissions. Every word in hex.
use strict;
use warnings;

binmode STDIN;
my $text = do { local $/; <STDIN> } // '';
my %fields = (user => 8, token => 4, group => 3, pool => 4, role => 2, acl => 4);
my %special = map { $_ => 1 } qw(NoAccess Administrator PVEAdmin PVEAuditor PVETemplateUser
    PVEVMAdmin PVEVMUser PVESysAdmin PVEDatastoreAdmin PVEDatastoreUser PVESDNAdmin PVEUserAdmin
    PVEPoolAdmin);
my $realm = qr/[A-Za-z][A-Za-z0-9._-]+/;
my $name = qr/\A[A-Za-z0-9._-]+\z/;

sub trim { my $word = shift; $word =~ s/\A\s+//; $word =~ s/\s+\z//; return $word }

sub items {
    my $list = shift;
    return grep { length } split /\0/, $list if index($list, "\0") >= 0;
    return grep { length } split /[,;\s]+/, $list;
}

sub is_user {
    my $word = shift;
    return length($word) >= 3 && length($word) <= 64 && $word =~ m{\A[^\s:/]+\@$realm\z};
}

sub token { return shift =~ m{\A([^\s:/]+\@$realm)!($realm)\z} }

sub digits {
    my $word = shift;
    return 0 if !$word;
    return $word =~ /\A[0-9]+\z/ ? $word : undef;
}

sub show { print join(' ', map { unpack('H*', $_) . '.' } @_), "\n" }

my (%user, %group, %pool, %role, %vm, %acl);
$user{'root@pam'} = {};
for my $line (split /\n/, $text) {
    $line = trim($line);
    next if $line eq '';
    my @words = map { trim($_) } split /:/, $line;
    my $keyword = shift(@words) // '';
    if (!$fields{$keyword}) {
        show('tossed');
        next;
    }
    pop @words while @words && $words[-1] eq '';
    show($keyword, @words);
    push @words, ('') x ($fields{$keyword} - @words) if @words < $fields{$keyword};
    my ($id) = @words;
    if ($keyword eq 'user') {
        $user{$id} = {} if is_user($id) && defined digits($words[2]);
    } elsif ($keyword eq 'token') {
        my ($owner, $subid) = token($id);
        $user{$owner}{$subid} = 1
            if defined $owner && defined digits($words[1]) && $user{$owner};
    } elsif ($keyword eq 'group' && $id =~ $name) {
        $group{$id}{$_} = 1 for grep { is_user($_) } items($words[1]);
    } elsif ($keyword eq 'pool' && $id =~ $name) {
        for my $vm (grep { /\A[0-9]+\z/ } items($words[2])) {
            $vm =~ s/\A0+(?=.)//;
            $vm{$vm} = $id if !exists $vm{$vm};
        }
    } elsif ($keyword eq 'role' && $id =~ $name) {
        $role{$id} = {} if !$role{$id};
        $role{$id}{$_} = 1 for items($words[1]);
    } elsif ($keyword eq 'acl') {
        my ($flag, $path, $members, $roles) = @words;
        $path =~ s{/+}{/}g;
        $path =~ s{/\z}{};
        $path = '/' if !$path;
        $path = "/$path" if substr($path, 0, 1) ne '/';
        next if $path !~ m{\A[A-Za-z0-9._/-]+\z};
        for my $role (grep { $role{$_} || $special{$_} } items($roles)) {
            for my $member (items($members)) {
                next if $member eq 'root@pam';
                my ($owner, $subid) = token($member);
                next if !is_user($member) && $member !~ /\A\@[A-Za-z0-9._-]+\z/
                    && !(defined $owner && $user{$owner} && $user{$owner}{$subid});
                $acl{$path}{$member}{$role} = $flag ? 1 : 0;
            }
        }
    }
}
print "in effect\n";
for my $id (sort keys %user) {
    show('user', $id);
    show('token', "$id!$_") for sort keys %{$user{$id}};
}
for my $id (sort grep { !$special{$_} } keys %role) {
    show('role', $id, sort keys %{$role{$id}});
}
show('guest', $_, $vm{$_}) for sort keys %vm;
for my $path (sort keys %acl) {
    for my $member (sort keys %{$acl{$path}}) {
        show('acl', $path, $member, $_, $acl{$path}{$member}{$_})
            for sort keys %{$acl{$path}{$member}};
    }
}
