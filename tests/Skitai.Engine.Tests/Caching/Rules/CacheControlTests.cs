using Skitai.Engine.Caching.Rules;

namespace Skitai.Engine.Tests.Caching.Rules;

public sealed class CacheControlTests
{
    [Theory]
    [InlineData("max-age=3600", 3600)]
    [InlineData("MaX-aGe=3600", 3600)]
    [InlineData("max-age=\"3600\"", 3600)]
    [InlineData("max-age=003600", 3600)]
    [InlineData("foobar, max-age=60", 60)]
    [InlineData("max-age=0", 0)]
    [InlineData("max-age=2147483648", int.MaxValue)]
    [InlineData("max-age=99999999999999999999999999", int.MaxValue)]
    [InlineData(" , ,max-age=5,", 5)]
    public void A_lifetime_is_read(string line, long expected) => Assert.Equal(expected, Parse(line).MaxAge);

    [Theory]
    [InlineData("max-age=-3600")]
    [InlineData("max-age='3600'")]
    [InlineData("max-age=3600.0")]
    [InlineData("max-age=a3600")]
    [InlineData("max-age=3600a")]
    [InlineData("max-age= 3600")]
    [InlineData("max-age =3600")]
    [InlineData("max-age=")]
    [InlineData("max-age")]
    [InlineData("max-age=\"3600")]
    [InlineData("max-age=\"\"")]
    public void A_lifetime_that_is_no_number_is_none_at_all(string line) => Assert.Equal(0, Parse(line).MaxAge);

    [Theory]
    [InlineData("max-age=1800, max-age=1", 1)]
    [InlineData("max-age=1, max-age=1800", 1)]
    [InlineData("max-age=1800, max-age=x", 0)]
    [InlineData("max-age=7, max-age=7", 7)]
    public void Of_several_the_strictest_counts(string line, long expected) => Assert.Equal(expected, Parse(line).MaxAge);

    [Fact]
    public void Several_lines_are_one_list()
    {
        var control = CacheControl.Parse(Fields.Of("Cache-Control: max-age=1800 | X: y | cache-control: s-maxage=1, no-store"));
        Assert.Equal((1800, 1), (control.MaxAge, control.SharedMaxAge));
        Assert.True(control.Has(CacheDirectives.NoStore));
    }

    [Theory]
    [InlineData("extension=\"max-age=3600\", max-age=1")]
    [InlineData("max-age=1, extension=\"max-age=3600, no-store\"")]
    [InlineData("extension=\"a\\\", no-store, \\\"\", max-age=1")]
    public void What_is_quoted_is_no_directive(string line)
    {
        var control = Parse(line);
        Assert.Equal(1, control.MaxAge);
        Assert.False(control.Has(CacheDirectives.NoStore));
    }

    [Theory]
    [InlineData("max-age=10, foo=\"bar, no-store", "NoStore")]
    [InlineData("foo=\"bar, private", "Private")]
    [InlineData("foo=\"a, b\", bar=\"c, no-cache", "NoCache")]
    [InlineData("foo=\"bar\\\", no-store", "NoStore")]
    [InlineData("\", no-store", "NoStore")]
    [InlineData("private=\"a, b", "Private")]
    [InlineData("no-cache=\"a", "NoCache")]
    [InlineData("no-cache=\"", "NoCache")]
    public void A_quote_that_is_not_closed_hides_nothing(string line, string expected) => Assert.Equal(expected, Parse(line).Directives.ToString());

    [Fact]
    public void Quotes_without_number_are_read_in_no_time()
    {
        var line = string.Concat(Enumerable.Repeat("\"\\", 1_000_000)) + string.Concat(Enumerable.Repeat(",\"\\", 1_000_000)) + ", no-store";
        Assert.True(Parse(line).Has(CacheDirectives.NoStore));
    }

    [Theory]
    [InlineData("No-StOrE", "NoStore")]
    [InlineData("no-cache", "NoCache")]
    [InlineData("private", "Private")]
    [InlineData("public, must-revalidate", "Public, MustRevalidate")]
    [InlineData("proxy-revalidate,must-understand", "ProxyRevalidate, MustUnderstand")]
    [InlineData("only-if-cached", "OnlyIfCached")]
    [InlineData("max-stale", "AnyStale")]
    [InlineData("no-store=x", "NoStore")]
    [InlineData("no-cache=\"\"", "NoCache")]
    [InlineData("private=\" , \"", "Private")]
    [InlineData("no-storex, xno-cache, immutable", "None")]
    public void Directives_are_read(string line, string expected) => Assert.Equal(expected, Parse(line).Directives.ToString());

    [Theory]
    [InlineData("no-cache=\"a\"", "a")]
    [InlineData("no-cache=\"a, B\", private=c", "a B c")]
    [InlineData("private=\"Set-Cookie,X-User\"", "Set-Cookie X-User")]
    public void Directives_that_name_fields_are_about_those_only(string line, string expected)
    {
        var control = Parse(line);
        Assert.Equal(expected, string.Join(' ', control.WithheldFields!));
        Assert.Equal(CacheDirectives.None, control.Directives);
    }

    [Fact]
    public void A_directive_about_all_is_not_undone_by_one_about_a_field() =>
        Assert.True(Parse("no-cache=\"a\", no-cache").Has(CacheDirectives.NoCache));

    [Fact]
    public void What_a_request_wants_is_read()
    {
        var control = Parse("min-fresh=5, min-fresh=7, max-stale=9, max-age=3, stale-if-error=4");
        Assert.Equal((7, 9, 3, 4), (control.MinFresh, control.MaxStale, control.MaxAge, control.StaleIfError));
        Assert.Equal(DeltaSeconds.Most, Parse("min-fresh=x").MinFresh);
        Assert.Equal(0, Parse("max-stale=x").MaxStale);
    }

    [Fact]
    public void What_is_not_there_is_absent()
    {
        var control = Parse("");
        Assert.Equal(CacheControl.Absent, control.MaxAge);
        Assert.Equal(CacheControl.Absent, control.SharedMaxAge);
        Assert.Equal(CacheControl.Absent, control.StaleIfError);
        Assert.Null(control.WithheldFields);
    }

    [Theory]
    [InlineData("max-age=3600", 3600)]
    [InlineData("foobar, max-age=3600;x=1", 3600)]
    [InlineData("max-age=1, max-age=2", 2)]
    [InlineData("a=(1 \"x\" tok;q=0.5);z, max-age=7,b=:YQ==:, c=@1659578233, d=?0, e=1.5, *k=T/o:k, f=%\"f%c3%bc\"", 7)]
    [InlineData("max-age=-1", 0)]
    public void A_targeted_field_is_a_structured_dictionary(string value, long expected)
    {
        Assert.True(TargetedCacheControl.TryParse(value, out var control));
        Assert.Equal(expected, control.MaxAge);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("max-age=10000, &&&&&")]
    [InlineData("max-age=\"10000\"")]
    [InlineData("max-age")]
    [InlineData("max-age=1.5")]
    [InlineData("MaX-aGe=3600")]
    [InlineData("max-age =100")]
    [InlineData("max-age= 100")]
    [InlineData("max-age=100,")]
    [InlineData("max-age=100 no-store")]
    [InlineData("max-age=1234567890123456")]
    [InlineData("a=\"x")]
    [InlineData("a=\"\\x\"")]
    [InlineData("a=(1 2")]
    [InlineData("a=?2")]
    [InlineData("a=:%:")]
    [InlineData("a=1.")]
    [InlineData("a;")]
    [InlineData("a=")]
    public void A_targeted_field_with_a_mistake_is_not_there(string value) => Assert.False(TargetedCacheControl.TryParse(value, out _));

    [Fact]
    public void A_targeted_field_has_directives_and_field_names()
    {
        Assert.True(TargetedCacheControl.TryParse("no-store, private=\"a, b\", must-revalidate=?1, public=?0", out var control));
        Assert.Equal(CacheDirectives.NoStore | CacheDirectives.MustRevalidate, control.Directives);
        Assert.Equal(["a", "b"], control.WithheldFields!);
    }

    [Theory]
    [InlineData("max-age=10, no-store=yes", "NoStore")]
    [InlineData("no-store=\"x\"", "NoStore")]
    [InlineData("no-store=?0", "None")]
    [InlineData("no-store=1", "NoStore")]
    [InlineData("no-store=0.5", "NoStore")]
    [InlineData("no-store=(1 2)", "NoStore")]
    [InlineData("private=yes", "Private")]
    [InlineData("private=1", "Private")]
    [InlineData("private=(\"a\" \"b\")", "Private")]
    [InlineData("private=\"a\"", "None")]
    [InlineData("private=?0", "None")]
    [InlineData("no-cache=:YQ==:", "NoCache")]
    [InlineData("no-cache=@0", "NoCache")]
    [InlineData("no-cache=0", "NoCache")]
    [InlineData("no-cache=?0", "None")]
    public void What_a_targeted_field_forbids_is_forbidden_whatever_its_value(string value, string expected)
    {
        Assert.True(TargetedCacheControl.TryParse(value, out var control));
        Assert.Equal(expected, control.Directives.ToString());
    }

    [Fact]
    public void The_field_for_this_cache_goes_before_the_one_for_all_CDNs()
    {
        Assert.True(TargetedCacheControl.TryParse(Fields.Of("CDN-Cache-Control: max-age=1 | Skitaid-Cache-Control: max-age=2"), out var own));
        Assert.Equal(2, own.MaxAge);
        Assert.True(TargetedCacheControl.TryParse(Fields.Of("CDN-Cache-Control: max-age=1 | Skitaid-Cache-Control: ?"), out var other));
        Assert.Equal(1, other.MaxAge);
        Assert.True(TargetedCacheControl.TryParse(Fields.Of("CDN-Cache-Control: max-age=1 | CDN-Cache-Control: no-store"), out var joined));
        Assert.True(joined.Has(CacheDirectives.NoStore));
        Assert.False(TargetedCacheControl.TryParse(Fields.Of("Cache-Control: max-age=1"), out _));
    }

    private static CacheControl Parse(string line) => CacheControl.Parse(Fields.Of("Cache-Control: " + line));
}
