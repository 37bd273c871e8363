using Skitaid.Commands;
using Skitaid.Explaining;

namespace Skitaid.Tests.Explaining;

public sealed class AskedUrlTests
{
    [Theory]
    [InlineData("http://www.example.com:5000/flask/x?y=1", "http", "www.example.com", 5000, "/flask/x?y=1")]
    [InlineData("HTTPS://WWW.Example.com.", "https", "www.example.com", null, "/")]
    [InlineData("http://a.com?q", "http", "a.com", null, "/?q")]
    [InlineData("http://user:secret@a.com/x#part", "http", "a.com", null, "/x")]
    [InlineData("http://[::1]:81/x", "http", "[::1]", 81, "/x")]
    [InlineData("a.com/x", null, "a.com", null, "/x")]
    [InlineData("localhost:5000", null, "localhost", 5000, "/")]
    [InlineData("/x?to=http://b.com/", null, null, null, "/x?to=http://b.com/")]
    [InlineData("a.com/x?to=http://b.com/", null, "a.com", null, "/x?to=http://b.com/")]
    [InlineData("/a/../%2e/b", null, null, null, "/a/../%2e/b")]
    [InlineData("/\u00e4 b", null, null, null, "/%C3%A4%20b")]
    [InlineData("http://b\u00fccher.example/", "http", "xn--bcher-kva.example", null, "/")]
    public void A_url_is_taken_apart_as_far_as_it_was_typed(string text, string? scheme, string? host, int? port, string target) =>
        Assert.Equal(new AskedUrl(scheme, host, port, target), AskedUrl.Parse(text));

    [Theory]
    [InlineData("ftp://a.com/", "'ftp' is not a scheme that skitaid serves: http or https")]
    [InlineData("http:///x", "'http:///x' names no host: http://127.0.0.1:5000/x, www.example.com/x and /x can be explained")]
    [InlineData("", "'' names no host: http://127.0.0.1:5000/x, www.example.com/x and /x can be explained")]
    [InlineData("http://a.com:99999/", "'a.com:99999' is not a host, nor a host and a port of 1 to 65535")]
    [InlineData("http://a b/", "'a b' is not a host, nor a host and a port of 1 to 65535")]
    public void What_is_no_url_is_told_in_one_line(string text, string message) =>
        Assert.Equal(message, Assert.Throws<UsageException>(() => AskedUrl.Parse(text)).Message);
}
