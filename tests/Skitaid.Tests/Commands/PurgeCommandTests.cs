using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Tests.Commands;

public sealed class PurgeCommandTests
{
    [Theory]
    [InlineData("http://www.Example.com/a?b=1", "http://www.example.com/a?b=1", false)]
    [InlineData("https://www.example.com:443/", "https://www.example.com/", false)]
    [InlineData("http://127.0.0.1:5000/x*", "http://127.0.0.1:5000/x", true)]
    [InlineData("http://a/*", "http://a/", true)]
    [InlineData("http://a", "http://a/", false)]
    [InlineData("http://a/a*b", "http://a/a*b", false)]
    [InlineData("http://a/\u00e4 b#c", "http://a/%C3%A4%20b", false)]
    public void A_url_is_taken_as_clients_ask_for_it(string typed, string url, bool isPrefix) =>
        Assert.Equal(new PurgeOrder(url, isPrefix), PurgeCommand.Read([typed], all: false));

    [Fact]
    public void Everything_has_to_be_said() => Assert.Equal(new PurgeOrder(null, false), PurgeCommand.Read([], all: true));

    [Theory]
    [InlineData("purge needs to know what: http://host/path, 'http://host/prefix*' or --all", false)]
    [InlineData("'/x' is not a whole URL as clients ask for it: http://host/path, 'http://host/prefix*' or --all", false, "/x")]
    [InlineData("'*' is not a whole URL as clients ask for it: http://host/path, 'http://host/prefix*' or --all", false, "*")]
    [InlineData("'http://*' names no host: http://host/path, 'http://host/prefix*' or --all", false, "http://*")]
    [InlineData("'http:///x' names no host: http://host/path, 'http://host/prefix*' or --all", false, "http:///x")]
    [InlineData("'a/x' is not a whole URL as clients ask for it: http://host/path, 'http://host/prefix*' or --all", false, "a/x")]
    [InlineData("'http://www.exam*' would be a part of a host's name: the * stands behind a path, as in http://www.exam/*", false, "http://www.exam*")]
    [InlineData("'ftp' is not a scheme that skitaid serves: http or https", false, "ftp://a/")]
    [InlineData("--all is everything: what is 'http://a/'?", true, "http://a/")]
    public void What_makes_no_sense_is_told_in_one_line(string message, bool all, params string[] words) =>
        Assert.Equal(message, Assert.Throws<UsageException>(() => PurgeCommand.Read(words, all)).Message);
}
