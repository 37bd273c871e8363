using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Forwarding;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

public sealed class ForwardedTargetTests
{
    [Theory]
    [InlineData("/a/b?c=d", "", "/a/b?c=d")]
    [InlineData("/", "", "/")]
    [InlineData("/?q", "", "/?q")]
    [InlineData("/users/1?x=%20y", "/users", "/1?x=%20y")]
    [InlineData("/users", "/users", "/")]
    [InlineData("/users?q=1", "/users", "/?q=1")]
    [InlineData("/users/", "/users", "/")]
    [InlineData("http://host/users/1?q", "/users", "/1?q")]
    [InlineData("http://host", "", "/")]
    [InlineData("http://host?q=/x", "", "/?q=/x")]
    public void What_needs_no_change_goes_on_as_it_came(string raw, string prefix, string expected) =>
        Assert.Equal(expected, Of(raw, prefix));

    [Theory]
    [InlineData("/users/a%2Fb", "/users", "/a%2Fb")]
    [InlineData("/users/a%20b%C3%A4", "/users", "/a%20b%C3%A4")]
    [InlineData("/%75sers/a%2fb", "/users", "/a%2fb")]
    [InlineData("/users/%25x", "/users", "/%25x")]
    public void The_clients_spelling_is_kept(string raw, string prefix, string expected) =>
        Assert.Equal(expected, Of(raw, prefix));

    [Theory]
    [InlineData("/x/../users/1", "/users", "/1")]
    [InlineData("/x/%2e%2e/users/1%20", "/users", "/1%20")]
    [InlineData("/x%2F..%2Fusers/1", "/users", "/1")]
    [InlineData("/users%2F1", "/users", "/1")]
    [InlineData("/users/./a/../b%20c", "/users", "/b%20c")]
    [InlineData("/users/{a}", "/users", "/%7Ba%7D")]
    [InlineData("/users/a%2F..%2Fb", "/users", "/b")]
    public void What_a_member_could_read_in_another_way_is_said_plainly(string raw, string prefix, string expected) =>
        Assert.Equal(expected, Of(raw, prefix));

    /// <summary>Whatever the spelling: the member that decodes what it gets comes to the path that was routed.</summary>
    [Fact]
    public void The_member_decodes_to_the_path_that_was_routed()
    {
        string[] parts = ["/", "a", "%2F", "%2e", ".", "..", "%25", "b%20", "%5C", ";", "{", "//", "u"];
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var prefix = round % 3 == 0 ? "/u" : "";
            var raw = (prefix.Length > 0 ? "/u/" : "/") + string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => parts[random.Next(parts.Length)]));
            if (!RequestTarget.TryParse(raw, out var path, out var query) || !(path == prefix || path.StartsWith(prefix + "/", StringComparison.Ordinal)))
            {
                continue;
            }

            var target = ForwardedTarget.Of(raw, path, query, prefix);
            Assert.StartsWith("/", target);
            Assert.True(RequestTarget.TryParse(target, out var seen, out _), $"{raw} -> {target}");
            var wanted = path[prefix.Length..];
            Assert.Equal(wanted.Length == 0 ? "/" : wanted, seen);
        }
    }

    private static string Of(string raw, string prefix)
    {
        Assert.True(RequestTarget.TryParse(raw, out var path, out var query));
        return ForwardedTarget.Of(raw, path, query, prefix);
    }
}
