# SPDX-License-Identifier: GPL-2.0
package Suite;
# Lists of tests, in the form that tests/README.md explains.
use strict;
use warnings;
use Text::ParseWords;

# read_file(FILE): the tests of FILE, each with name, tags, sentence, needs (commands or
# kernel=NAME and xen=VERSION, as lists of words) and command.
sub read_file {
	my ($file) = @_;
	my (@tests, %seen);
	open my $in, '<', $file or die "$file: $!\n";
	while (<$in>) {
		next if /^\s*(#|$)/;
		chomp;
		if (/^\S/) {
			my $test = parse_head($_, "$file:$.");
			die "$file:$.: there is a test $test->{name} already\n" if $seen{$test->{name}}++;
			push @tests, $test;
		} else {
			die "$file:$.: a command before the first test\n" unless @tests;
			parse_command($tests[-1], $_, "$file:$.");
		}
	}
	for (@tests) {
		die "$_->{where}: $_->{name} has no command: write it below, on indented lines\n"
			unless @{$_->{command}};
	}
	return @tests;
}

sub parse_head {
	my ($line, $where) = @_;
	my ($name, $tags, $sentence) = $line =~ /^(\S+)((?:\s+@\S+)*)\s*(.*?)\s*$/;
	die "$where: $name has no tag: write NAME \@TAG... SENTENCE\n" unless $tags;
	die "$where: $name has no sentence that says what it proves\n" unless length $sentence;
	return {
		name => $name, tags => [split ' ', $tags], sentence => $sentence,
		needs => [], command => [], where => $where,
	};
}

sub parse_command {
	my ($test, $line, $where) = @_;
	my @words = shellwords($line);
	die "$where: the quotes of $test->{name} are not closed\n" unless @words;
	if ($words[0] eq 'needs' && !@{$test->{command}}) {
		shift @words;
		push @{$test->{needs}}, $words[0] =~ /^(kernel|xen)=/ ? map { [$_] } @words : \@words;
	} else {
		push @{$test->{command}}, @words;
	}
}

# choose(\@tests, PATTERN...): those whose name matches a PATTERN, in which * stands for any
# letters, or that have it as a tag. All if there is no PATTERN.
sub choose {
	my ($tests, @patterns) = @_;
	return @$tests unless @patterns;
	my %wanted;
	for my $pattern (@patterns) {
		my @found = grep { matches($_, $pattern) } @$tests;
		die "no test " . ($pattern =~ /^@/ ? "has the tag $pattern" : "is called $pattern")
			. ": tests/run --list shows names and tags\n" unless @found;
		$wanted{$_->{name}} = 1 for @found;
	}
	return grep { $wanted{$_->{name}} } @$tests;
}

sub matches {
	my ($test, $pattern) = @_;
	return grep { $_ eq $pattern } @{$test->{tags}} if $pattern =~ /^@/;
	(my $regex = quotemeta $pattern) =~ s/\\\*/.*/g;
	return $test->{name} =~ /^$regex$/;
}

1;
