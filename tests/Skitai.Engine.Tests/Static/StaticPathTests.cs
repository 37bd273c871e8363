using System.Text;
using Skitai.Engine.Static;

namespace Skitai.Engine.Tests.Static;

public sealed class StaticPathTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("/", "")]
    [InlineData("/a.css", "a.css")]
    [InlineData("/a/b/c.js", "a/b/c.js")]
    [InlineData("/a/", "a/")]
    [InlineData("/a..b/c.", "a..b/c.")]
    [InlineData("/.well-known/acme-challenge/x", ".well-known/acme-challenge/x")]
    [InlineData("/\u00c3\u00a9.txt", "\u00c3\u00a9.txt")]
    public void A_path_becomes_the_name_below_the_root(string path, string expected)
    {
        var name = new byte[100];
        Assert.Equal(StaticMiss.None, StaticPath.Translate(path, name, out var length));
        Assert.Equal(expected, Encoding.Latin1.GetString(name, 0, length));
    }

    [Theory]
    [InlineData("/.env")]
    [InlineData("/a/.git/config")]
    [InlineData("/.")]
    [InlineData("/..")]
    [InlineData("/a/../../etc/passwd")]
    [InlineData("/.well-knownx/a")]
    [InlineData("/.well-known/.hidden")]
    [InlineData("//etc/passwd")]
    [InlineData("/a//b")]
    [InlineData("/a\\b")]
    [InlineData("/..\\..\\x")]
    [InlineData("/a\0.css")]
    [InlineData("/\u0100")]
    [InlineData("a")]
    public void What_is_never_served_has_no_name(string path) =>
        Assert.NotEqual(StaticMiss.None, StaticPath.Translate(path, new byte[100], out _));

    [Fact]
    public void A_name_longer_than_the_room_is_refused() =>
        Assert.Equal(StaticMiss.TooLong, StaticPath.Translate("/abcdef", new byte[5], out _));

    [Theory]
    [InlineData("/a/.git/config", StaticMiss.Dotfile)]
    [InlineData("/a//b", StaticMiss.EmptySegment)]
    [InlineData("/a\\b", StaticMiss.BadCharacter)]
    public void Why_a_path_has_no_name_is_told(string path, StaticMiss why) =>
        Assert.Equal(why, StaticPath.Translate(path, new byte[100], out _));
}
