using Skitaid.Commands;

namespace Skitaid.Tests.Commands;

public sealed class CommandLineTests
{
    [Fact]
    public void Nothing_typed_means_start() => Assert.Equal("start", CommandLine.Parse([]).Command);

    [Theory]
    [InlineData("-f", "example", "log", "-s", "request")]
    [InlineData("log", "-s", "request", "-f", "example")]
    [InlineData("log", "--log=request", "--name=example")]
    public void Options_stand_anywhere_and_take_their_value_in_either_form(params string[] words)
    {
        var line = CommandLine.Parse(words);

        Assert.Equal("log", line.Command);
        Assert.Equal("example", line[OptionNames.Name]);
        Assert.Equal("request", line[OptionNames.Which]);
        Assert.False(line.Has(OptionNames.Follow));
    }

    [Fact]
    public void Explain_takes_a_url_and_a_method()
    {
        var line = CommandLine.Parse(["explain", "/x", "-X", "POST", "--json"]);

        Assert.Equal(("explain", "/x", "POST"), (line.Command, Assert.Single(line.Arguments), line[OptionNames.Method]));
        Assert.Throws<UsageException>(() => CommandLine.Parse(["explain", "/x", "/y"]));
        Assert.Throws<UsageException>(() => CommandLine.Parse(["status", "-X", "POST"]));
    }

    [Fact]
    public void Member_takes_a_cluster_a_member_and_what_is_to_become_of_it()
    {
        var line = CommandLine.Parse(["-f", "shop", "member", "@users", "127.0.0.1:5001", "drain", "--wait"]);
        Assert.Equal(("member", "shop"), (line.Command, line[OptionNames.Name]));
        Assert.Equal(["@users", "127.0.0.1:5001", "drain"], line.Arguments);
        Assert.True(line.Has(OptionNames.Wait));
    }

    [Fact]
    public void A_repeated_option_keeps_all_its_values()
    {
        var line = CommandLine.Parse(["run", "app:app", "--mount", "/a=x", "--mount", "/b=y"]);

        Assert.Equal(["/a=x", "/b=y"], line.All(OptionNames.Mount));
        Assert.Equal(["app:app"], line.Arguments);
    }

    [Theory]
    [InlineData("restart-all", "restart")]
    [InlineData("shutdown-all", "shutdown")]
    [InlineData("terminate-all", "terminate")]
    [InlineData("rotate-all", "rotate")]
    public void The_words_of_2016_are_understood(string old, string today) => Assert.Equal(today, CommandLine.Parse([old]).Command);

    [Theory]
    [InlineData("unknown command 'statsu'; did you mean 'status'?", "statsu")]
    [InlineData("unknown command 'statu'; did you mean 'status'?", "statu")]
    [InlineData("unknown command 'rest'; did you mean 'restart'?", "rest")]
    [InlineData("unknown command 'frobnicate'; 'skitaid --help' lists what there is", "frobnicate")]
    [InlineData("unknown option '--frce'; did you mean '--force'?", "restart", "--frce")]
    [InlineData("-f needs a value: -f NAME", "restart", "-f")]
    [InlineData("--json takes no value", "status", "--json=yes")]
    [InlineData("--force belongs to 'restart' and 'reload', not to 'stop'", "stop", "--force")]
    [InlineData("one command at a time: 'restart' or 'stop'", "restart", "stop")]
    [InlineData("'member' takes 3 arguments, so what is 'now'? (-f NAME names an instance)", "member", "@a", "b:1", "drain", "now")]
    [InlineData("--wait belongs to 'member', not to 'purge'", "purge", "--wait")]
    [InlineData("--all belongs to 'purge', not to 'stop'", "stop", "--all")]
    [InlineData("'restart' takes no argument, so what is 'example'? (-f NAME names an instance)", "restart", "example")]
    public void What_makes_no_sense_is_told_in_one_line(string message, params string[] words) =>
        Assert.Equal(message, Assert.Throws<UsageException>(() => CommandLine.Parse(words)).Message);
}
