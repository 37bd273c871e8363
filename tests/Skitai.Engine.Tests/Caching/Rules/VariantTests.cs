using Skitai.Engine.Caching.Rules;

namespace Skitai.Engine.Tests.Caching.Rules;

public sealed class VariantTests
{
    [Theory]
    [InlineData("Foo", "foo")]
    [InlineData("Foo, bar,FOO , ,Baz", "bar baz foo")]
    [InlineData("", "")]
    [InlineData(" , ", "")]
    public void The_names_of_Vary_are_read(string value, string expected)
    {
        Assert.True(VaryNames.TryParse(value, out var names));
        Assert.Equal(expected, string.Join(' ', names));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("*, *")]
    [InlineData(", *")]
    [InlineData("*, Foo")]
    [InlineData("Foo, *")]
    [InlineData("Foo Bar")]
    [InlineData("\"Foo\"")]
    [InlineData("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q")]
    public void A_Vary_that_nothing_can_be_selected_by_is_refused(string value) => Assert.False(VaryNames.TryParse(value, out _));

    [Theory]
    [InlineData("foo", "Foo: 1, 2", "Foo: 1 | Foo: 2")]
    [InlineData("foo", "Foo: 1,2", "Foo:   1 ,\t2 ")]
    [InlineData("foo", "Foo: 1 | Other: 2", "Foo: 1 | Other: 3")]
    [InlineData("bar foo", "Foo: 1", "Foo: 1")]
    [InlineData("accept-language", "Accept-Language: en, de", "Accept-Language: eN , De")]
    [InlineData("accept-language", "Accept-Language: de;q=0.5, en", "Accept-Language: en, de;q=0.5")]
    [InlineData("accept-language", "Accept-Language: en, de, fr;q=0.5, it;q=0.5", "Accept-Language: fr;q=0.5, en, it;q=0.5, de")]
    [InlineData("accept-language", "Accept-Language: en, de;q=0.5", "Accept-Language: de; Q=0.50,en;q=1")]
    [InlineData("accept-encoding", "Accept-Encoding: gzip, br", "Accept-Encoding: br;q=1.0, GZIP, gzip")]
    [InlineData("accept-encoding", "Accept-Encoding: x-gzip", "Accept-Encoding: gzip")]
    public void Requests_that_mean_the_same_select_the_same(string names, string one, string other) =>
        Assert.Equal(Text(names, one), Text(names, other));

    [Theory]
    [InlineData("foo", "Foo: 1", "Foo: 2")]
    [InlineData("foo", "Foo: 1", "")]
    [InlineData("foo", "Foo:", "")]
    [InlineData("foo", "Foo: a", "Foo: A")]
    [InlineData("foo", "Foo: \"1, 2\"", "Foo: \"1,2\"")]
    [InlineData("foo", "Foo: 1 2", "Foo: 12")]
    [InlineData("bar foo", "Foo: 1", "Bar: 1")]
    [InlineData("bar foo", "Foo: 1 | Bar: 2", "Foo: 2 | Bar: 1")]
    [InlineData("accept-language", "Accept-Language: en, de;q=0.5", "Accept-Language: de, en;q=0.5")]
    [InlineData("accept-language", "Accept-Language: en, de", "Accept-Language: de, en")]
    [InlineData("accept-language", "Accept-Language: en;q=0.5, de;q=0.5", "Accept-Language: de;q=0.5, en;q=0.5")]
    [InlineData("accept-encoding", "Accept-Encoding: gzip", "Accept-Encoding: gzip;q=0")]
    [InlineData("accept-encoding", "Accept-Encoding: gzip", "")]
    [InlineData("accept-encoding", "Accept-Encoding: gzip;q=2", "Accept-Encoding: gzip")]
    public void Requests_that_differ_select_differently(string names, string one, string other) =>
        Assert.NotEqual(Text(names, one), Text(names, other));

    private static string Text(string names, string request) => VariantText.Make(names.Split(' '), Fields.Request(request));
}
